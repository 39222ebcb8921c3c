// What a bundler does: the compiler's files name each other without an extension.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.endsWith(".graphql") ? `${specifier}.ts` : specifier, context),
});
