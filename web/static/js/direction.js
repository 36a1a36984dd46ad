// Which way a text reads that somebody writes here; the widget, whose file stands alone, does the same.

const RTL_SCRIPT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;

// The direction of most words, where `dir=auto` looks at one letter and turns "CRM شما…" around; `auto` without a word.
// Persian sentences quote Latin names far more often than English ones Persian: a Persian word weighs two Latin ones.
export function directionOf(text) {
  const prose = text.slice(0, 2000).replace(/[\u2066-\u2068][^\u2069]*\u2069|https?:\/\/\S+|\S+@\S+/g, "");
  const words = prose.match(/\p{L}[\p{L}\p{M}\u200c]*/gu);
  if (!words) return "auto";
  const rtl = words.filter((word) => RTL_SCRIPT.test(word)).length;
  const balance = 2 * rtl - (words.length - rtl);
  return balance > 0 || (balance === 0 && RTL_SCRIPT.test(words[0])) ? "rtl" : "ltr";
}
