// The rules of graphql-eslint for schemas, all of them, on schema.graphql. Each that is not as
// it comes says why.
import graphql from "@graphql-eslint/eslint-plugin";

const { "flat/schema-all": all, "flat/schema-relay": relay } = graphql.configs;

export default [
  {
    files: ["schema.graphql"],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...all.rules,
      ...relay.rules,
      // More than they ask by themselves: everything is described.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
      // Printed in order, with `id` and `createdAt` at their places in it. graphql-core sorts the
      // names of types by code points, capitals first, and the rule does not.
      "@graphql-eslint/alphabetize": [
        "error",
        { ...all.rules["@graphql-eslint/alphabetize"][1], definitions: false, groups: undefined },
      ],
      // Most lists run one way only: nobody reads the queue from its end.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      // `nodes` is beside `edges` for those who need no cursors. Events of a history and looks
      // into a session are not things with an id, and have a place in a list all the same.
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
      ],
      // Changes and live streams are what the service is for.
      "@graphql-eslint/no-root-type": "off",
      // The viewer is there, lists may be empty, and a mutation's refusals are values of its
      // union. What may be missing is null: a thing by its id.
      "@graphql-eslint/require-nullable-result-in-root": "off",
      // What can be asked for by `node` has an id; results, refusals, events and values are none
      // of that. The rule that fits is in tests/schema/test_sdl.py.
      "@graphql-eslint/strict-id-in-types": "off",
      // It wants an argument that GraphQL's own @deprecated does not have. The day stands in the
      // reason (docs/versioning.md); `baton schema --against` asks for it.
      "@graphql-eslint/require-deprecation-date": "off",
    },
  },
];
