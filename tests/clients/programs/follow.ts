// Runs one of the page's two followers as it is asked to, and says what it was told, line by line.
import { codeOf, type Options } from "./follower.ts";
import { follow as overSockets } from "./sockets.ts";
import { follow as overSse } from "./sse.ts";

type Asked = Pick<Options, "url" | "after" | "firstDelay" | "lastDelay" | "silence"> & {
  transport: "sockets" | "sse";
  tokens: string; // where one is to be had
  stumbles: number; // how many events can't be handled at once
};

const { transport, tokens, stumbles, ...options }: Asked = JSON.parse(process.argv[2] ?? "");
const say = (told: object) => process.stdout.write(`${JSON.stringify(told)}\n`);
let stumbled = 0;

const stop = (transport === "sse" ? overSse : overSockets)({
  ...options,
  token: async () => {
    const response = await fetch(tokens);
    if (!response.ok) throw new Error("no token just now");
    return await response.text();
  },
  show: (queue) => say({ queue }),
  handle: (event) => {
    if (stumbled++ < stumbles) throw new Error("not just now");
    say({ event });
  },
  trouble: (reason) => say({ trouble: codeOf(reason) ?? String(reason) }),
  failed: (reason) => say({ failed: codeOf(reason) ?? String(reason) }),
});
process.on("SIGTERM", stop);
