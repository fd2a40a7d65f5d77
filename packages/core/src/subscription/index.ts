export {
  type BoundSubscription,
  bindSubscription,
  defaultSubscription,
  directSubscription,
  mapToAgent,
  matchesTopic,
  prefixSubscription,
  type Subscription,
  type SubscriptionOptions,
  sameSubscription,
  typeSubscription,
} from "./subscription.ts";
export { SubscriptionTable } from "./subscription-table.ts";
