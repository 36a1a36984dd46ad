// What the editor does beyond HTML: it keeps unsaved text from being lost, saves by key, and follows the language.

const article = document.querySelector("#article");

if (article) {
  const written = () => new URLSearchParams(new FormData(article)).toString();
  const atFirst = written();
  // A form that came back with a refusal holds text that is nowhere else.
  const unsavedAtFirst = Boolean(article.querySelector(".notice.bad, .conflict"));
  let leaving = false;

  addEventListener("beforeunload", (event) => {
    if (!leaving && (unsavedAtFirst || written() !== atFirst)) event.preventDefault();
  });
  article.addEventListener("submit", () => {
    leaving = true;
  });
  addEventListener("keydown", (event) => {
    if (event.code !== "KeyS" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    article.requestSubmit();
  });
  article.querySelector("[name=language]")?.addEventListener("change", ({ target }) => {
    const direction = target.value === "fa" ? "rtl" : "ltr";
    for (const field of article.querySelectorAll("[data-written], #preview")) field.dir = direction;
    for (const part of article.querySelectorAll(".text, #preview")) part.lang = target.value;
  });
}
