// Whoever signs out of the desk leaves no drafts to the next person, in any tab. Only the desk's own are forgotten: the
// widget of a help centre on the same site keeps a visitor's conversation.

const tabs = new BroadcastChannel("hamyar-sign-out");
const isDraft = (key) => key.startsWith("hamyar-") || key.startsWith("hamyar /");

function forgetDrafts() {
  try {
    for (const key of Object.keys(sessionStorage)) if (isDraft(key)) sessionStorage.removeItem(key);
  } catch {
    // Storage is blocked: nothing was kept.
  }
}

tabs.addEventListener("message", forgetDrafts);
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[action='/desk/sign-out']")) return;
  forgetDrafts();
  tabs.postMessage("signed out");
});
