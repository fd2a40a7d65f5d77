export { chatContract, type ChatContractEnvironment } from "./chat-contract.ts";
