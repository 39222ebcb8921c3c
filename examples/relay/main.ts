// A page of handoffs, the next one, arrivals as they happen, a claim, and one handoff anew.
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getSelector,
  requestSubscription,
} from "relay-runtime";
import type { GraphQLTaggedNode, OperationType, ReaderFragment } from "relay-runtime";

import Arrivals from "./__generated__/DeskArrivalsSubscription.graphql.ts";
import type { DeskArrivalsSubscription } from "./__generated__/DeskArrivalsSubscription.graphql.ts";
import Claim from "./__generated__/DeskClaimMutation.graphql.ts";
import type { DeskClaimMutation } from "./__generated__/DeskClaimMutation.graphql.ts";
import HandoffQuery from "./__generated__/DeskHandoffQuery.graphql.ts";
import type { DeskHandoffQuery } from "./__generated__/DeskHandoffQuery.graphql.ts";
import PageQuery from "./__generated__/DeskPageQuery.graphql.ts";
import type { DeskPageQuery } from "./__generated__/DeskPageQuery.graphql.ts";
import DeskDocument from "./__generated__/DeskQuery.graphql.ts";
import type { DeskQuery } from "./__generated__/DeskQuery.graphql.ts";
import HandoffFragment from "./__generated__/Desk_handoff.graphql.ts";
import type { Desk_handoff$data } from "./__generated__/Desk_handoff.graphql.ts";
import HandoffsFragment from "./__generated__/Desk_handoffs.graphql.ts";
import type { Desk_handoffs$data } from "./__generated__/Desk_handoffs.graphql.ts";
import { environment } from "./environment.ts";

const { BATON_URL: url = "http://127.0.0.1:8000/graphql", TIER2: token } = process.env;
if (!token) throw new Error("Set TIER2: baton token tier2@acme.test");
const { relay, sockets } = environment(url, token);
process.on("SIGTERM", () => void sockets.dispose()); // until then it goes on listening

/** What a component would be given: the fragment's part of the store, as it is now. */
function read<Data>(fragment: ReaderFragment, reference: unknown): Data {
  const selector = getSelector(fragment, reference);
  if (selector?.kind !== "SingularReaderSelector") throw new Error("nothing is there");
  return relay.lookup(selector).data as Data;
}

async function ask<Operation extends OperationType>(
  query: GraphQLTaggedNode,
  variables: Operation["variables"],
): Promise<Operation["response"]> {
  const data = await fetchQuery<Operation>(relay, query, variables).toPromise();
  if (!data) throw new Error("no answer");
  return data;
}

const first = await ask<DeskQuery>(DeskDocument, {});
relay.retain(createOperationDescriptor(DeskDocument, {}));
const list = () => read<Desk_handoffs$data>(HandoffsFragment, first).handoffs;
const handoffs = () =>
  list().edges.map(({ node }) => read<Desk_handoff$data>(HandoffFragment, node));
const say = (what: object) => console.log(JSON.stringify(what));
const outcomes = (steps: readonly { outcome: string }[] = []) => steps.map(({ outcome }) => outcome);
const page = () =>
  handoffs().map(({ id, snapshot, session }) => ({
    id,
    then: outcomes(snapshot?.timeline),
    now: outcomes(session?.steps.nodes),
  }));

say({ page: page() });
await ask<DeskPageQuery>(PageQuery, { count: 2, cursor: list().pageInfo.endCursor });
say({ page: page() });

const arrived = new Promise<void>((resolve, reject) =>
  requestSubscription<DeskArrivalsSubscription>(relay, {
    subscription: Arrivals,
    variables: { after: first.handoffQueue.cursor, connections: [list().__id] },
    onNext: () => resolve(),
    onError: reject,
  }),
);
say({ listening: true });
await arrived;
const newest = handoffs()[0];
if (!newest) throw new Error("it is not in the list");
say({ arrived: newest.id, waiting: handoffs().length });

await new Promise<void>((resolve, reject) =>
  commitMutation<DeskClaimMutation>(relay, {
    mutation: Claim,
    variables: { input: { handoffId: newest.id } },
    onCompleted: () => resolve(),
    onError: reject,
  }),
);
// The mutation's answer is in the list as well: a handoff has one place in the store, by its id.
say({ claimedBy: handoffs()[0]?.claimedBy?.name });

await ask<DeskHandoffQuery>(HandoffQuery, { id: newest.id });
say({ status: handoffs()[0]?.status });
