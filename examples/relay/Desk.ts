// What the page needs to know. The compiler reads this file; a bundler with babel-plugin-relay
// would put its output here, main.ts imports it by name instead.
import { graphql } from "relay-runtime";

// One handoff, and how to ask for it again by its id.
graphql`
  fragment Desk_handoff on Handoff @refetchable(queryName: "DeskHandoffQuery") {
    id
    status
    problemSummary
    claimedBy { name }
    snapshot { timeline { id outcome } }
    session { steps(last: 10) { nodes { id outcome } } }
  }
`;

// The list, page by page.
graphql`
  fragment Desk_handoffs on Query
  @refetchable(queryName: "DeskPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    handoffs(first: $count, after: $cursor, orderBy: { field: CREATED_AT })
      @connection(key: "Desk_handoffs", filters: []) {
      __id
      edges { node { ...Desk_handoff } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;

graphql`
  query DeskQuery {
    handoffQueue(first: 1) { cursor }
    ...Desk_handoffs
  }
`;

// What is raised appears at the head of the list by itself.
graphql`
  subscription DeskArrivalsSubscription($after: Cursor, $connections: [ID!]!) {
    handoffCreated(after: $after) {
      handoff @prependNode(connections: $connections, edgeTypeName: "HandoffEdge") {
        ...Desk_handoff
      }
    }
  }
`;

graphql`
  mutation DeskClaimMutation($input: ClaimHandoffInput!) {
    claimHandoff(input: $input) {
      __typename
      ... on ClaimHandoffSuccess { handoff { ...Desk_handoff } }
      ... on Problem { message }
    }
  }
`;
