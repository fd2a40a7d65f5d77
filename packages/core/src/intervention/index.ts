export { droppedError, InterventionChain, type InterventionResult, refuseMessage } from "./intervention-chain.ts";
export {
  dropMessage,
  type Intervention,
  type InterventionContext,
  type InterventionHandler,
  type PublishContext,
  type ReplyContext,
  type SendContext,
} from "./intervention-handler.ts";
