// Where the editor finds its workers: built as files of their own, beside this one.
declare const WORKERS: { editor: string; graphql: string; json: string };

type Known = keyof typeof WORKERS;

window.MonacoEnvironment = {
  getWorker: (_, label) =>
    new Worker(new URL(WORKERS[label in WORKERS ? (label as Known) : "editor"], import.meta.url)),
};
