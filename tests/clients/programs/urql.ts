// urql as a frontend would set it up: queries by HTTP, subscriptions by a socket or over SSE.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";

const { url, token, transport } = JSON.parse(process.argv[2] ?? "");
const sockets = createClient({ url: url.replace(/^http/, "ws"), connectionParams: { token } });
const client = new Client({
  url,
  preferGetMethod: false,
  fetchSubscriptions: transport === "sse",
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: sockets.subscribe({ query: query ?? "", variables }, sink),
        }),
      }),
    }),
  ],
});

const asked = await client.query("{ handoffQueue { cursor count } }", {});
if (asked.error) throw asked.error;
console.log(JSON.stringify({ queue: asked.data.handoffQueue }));
const EVENTS = `
  subscription Events($after: Cursor) {
    handoffEvents(after: $after) {
      __typename
      ... on StreamReady { openHandoffs }
      ... on HandoffEvent { cursor handoff { id reason } }
    }
  }
`;
const events = client.subscription(EVENTS, { after: asked.data.handoffQueue.cursor });
const { unsubscribe } = events.subscribe((result) => {
  if (result.error) throw result.error;
  console.log(JSON.stringify({ event: result.data.handoffEvents }));
});
process.on("SIGTERM", unsubscribe);
