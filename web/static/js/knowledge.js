// What the editor does beyond HTML: it keeps unsaved text from being lost, saves by key, and follows the language.

const article = document.querySelector("#article");

if (article) {
  const { elements } = article;
  const written = () => JSON.stringify([...new FormData(article)]);
  const atFirst = written();
  const page = new URL(location);
  const isSaved = page.searchParams.has("done");
  // A form that came back with a refusal holds text that is nowhere else.
  const unsavedAtFirst = !isSaved && Boolean(article.querySelector(".notice.bad, .conflict"));
  const isUnsaved = () => unsavedAtFirst || written() !== atFirst;
  let leaving = false;

  // Drafts: kept for this tab of the browser, so that a request that fails or a session that has ended loses nothing.
  const SENT = "hamyar-article-sent";
  const address = article.getAttribute("action");
  // Of new articles, a translation has a draft of its own.
  const draft = ["hamyar", address, address.endsWith("/new") && elements.slug.defaultValue].join(" ");

  // Where storage is blocked or full, nothing is kept, and the browser still asks before it leaves the page.
  const stored = (act) => {
    try {
      return act(sessionStorage);
    } catch {
      return null;
    }
  };
  const forget = (key) => stored((storage) => storage.removeItem(key));
  const keep = () => {
    // What no longer fits must not leave an older text behind.
    forget(draft);
    if (isUnsaved()) stored((storage) => storage.setItem(draft, written()));
  };
  const follow = () => {
    const direction = elements.language.value === "fa" ? "rtl" : "ltr";
    for (const field of article.querySelectorAll("[data-written], #preview")) field.dir = direction;
    for (const part of article.querySelectorAll(".text, #preview")) part.lang = elements.language.value;
  };
  const restore = () => {
    const kept = stored((storage) => storage.getItem(draft));
    if (!kept || kept === atFirst) return;
    for (const [name, value] of JSON.parse(kept)) if (elements[name]) elements[name].value = value;
    if (elements.language) follow();
    // Only from then on does htmx listen, which fetches the preview of what is back.
    addEventListener("DOMContentLoaded", () => elements.body.dispatchEvent(new Event("input", { bubbles: true })));
    article.querySelector("#restored").hidden = false;
  };

  const sent = stored((storage) => storage.getItem(SENT));
  forget(SENT);
  // What was sent has arrived: it is saved, or came back in this form.
  if (sent && (unsavedAtFirst || isSaved)) forget(sent);
  if (isSaved) {
    // So that the same page, opened again, does not say so of a later text.
    page.searchParams.delete("done");
    history.replaceState(history.state, "", page);
  }
  if (unsavedAtFirst) keep();
  else restore();

  addEventListener("beforeunload", (event) => {
    if (!leaving && isUnsaved()) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  article.addEventListener("input", () => {
    leaving = false;
    keep();
  });
  article.addEventListener("submit", () => {
    leaving = true;
    keep();
    stored((storage) => storage.setItem(SENT, draft));
  });
  article.addEventListener("click", ({ target }) => {
    const add = target.closest("[data-asked]");
    if (!add) return;
    const lines = elements.questions.value.split("\n").filter((line) => line.trim());
    elements.questions.value = [...lines, add.dataset.asked].join("\n");
    elements.questions.dispatchEvent(new Event("input", { bubbles: true }));
    add.closest("li").remove();
  });
  article.querySelector("[data-discard]")?.addEventListener("click", () => {
    leaving = true;
    forget(draft);
    location.reload();
  });
  addEventListener("keydown", (event) => {
    if (event.code !== "KeyS" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    article.requestSubmit();
  });
  elements.language?.addEventListener("change", follow);
}
