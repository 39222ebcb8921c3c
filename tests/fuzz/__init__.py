"""What nobody would ask: random documents from ``schema.graphql``, right ones and wrong ones, asked
by people of every role. Whatever they say, none may meet a fault."""
