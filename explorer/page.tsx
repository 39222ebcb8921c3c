// GraphiQL at /graphql, as whoever signs in. What it keeps is gone with the browser's tab.
import "./styles.ts";
import "./workers.ts";
import "graphiql/style.css";
import "./page.css";

import { GraphiQL } from "graphiql";
import { GraphQLError } from "graphql";
import { useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { type Service, signIn } from "./service.ts";
import { SignIn } from "./signin.tsx";

declare const EXAMPLES: string[]; // the README's

const KEPT = "baton:token";
const HERE = new URL(location.pathname, location.href).href;
const TABS = EXAMPLES.map((query) => ({ query, headers: null }));

const signedOut = () => ({ errors: [new GraphQLError("Sign in with a token first.")] });

const kept = sessionStorage.getItem(KEPT);
if (!kept) sessionStorage.clear(); // who was here before: what they asked may tell of customers

function Explorer({ demo }: { demo: boolean }) {
  const [service, setService] = useState<Service | null>(null);
  const [trouble, setTrouble] = useState("");

  const enter = useCallback(async (token: string) => {
    try {
      setService(await signIn(HERE, token));
      setTrouble("");
      sessionStorage.setItem(KEPT, token);
    } catch (reason) {
      setTrouble(reason instanceof Error ? reason.message : String(reason));
    }
  }, []);

  useEffect(() => {
    if (kept) void enter(kept);
  }, [enter]);

  const leave = () => {
    service?.leave();
    sessionStorage.removeItem(KEPT);
    location.reload();
  };

  return (
    <>
      <SignIn
        viewer={service?.viewer ?? null}
        trouble={trouble}
        demo={demo}
        onToken={enter}
        onLeave={leave}
      />
      <GraphiQL
        fetcher={service?.fetcher ?? signedOut}
        schema={service ? undefined : null}
        schemaDescription
        inputValueDeprecation
        defaultTabs={TABS}
        storage={sessionStorage}
        isHeadersEditorEnabled={false}
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

const place = document.getElementById("explorer");
if (place) createRoot(place).render(<Explorer demo={place.dataset["demo"] === "true"} />);
