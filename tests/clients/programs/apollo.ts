// Apollo Client as a frontend would set it up: queries by HTTP, subscriptions by a socket.
import { readFileSync } from "node:fs";

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { buildSchema, isAbstractType, OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";

const schema = buildSchema(readFileSync("schema.graphql", "utf8"));
const possibleTypes: Record<string, string[]> = {};
for (const type of Object.values(schema.getTypeMap()))
  if (isAbstractType(type))
    possibleTypes[type.name] = schema.getPossibleTypes(type).map(({ name }) => name);

const { url, token } = JSON.parse(process.argv[2] ?? "");
const sockets = createClient({ url: url.replace(/^http/, "ws"), connectionParams: { token } });
const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } }),
  ),
});

const { data } = await client.query<any>({
  query: gql`query { viewer { engineer { email } } handoffQueue { cursor count } }`,
});
console.log(JSON.stringify({ queue: data.handoffQueue }));
const events = client.subscribe<any>({
  query: gql`
    subscription Events($after: Cursor) {
      handoffEvents(after: $after) {
        __typename
        ... on StreamReady { openHandoffs }
        ... on HandoffEvent { cursor handoff { id reason } }
      }
    }
  `,
  variables: { after: data.handoffQueue.cursor },
});
const subscription = events.subscribe((result) => {
  if (result.error) throw result.error;
  console.log(JSON.stringify({ event: result.data.handoffEvents }));
});
process.on("SIGTERM", () => subscription.unsubscribe());
