// The widget's own words. English is built in; the others are loaded when a page wants them.
import en from "./locales/en.js";

/* global LOCALES */
let words = en;
let language = "en";

/** Take the first locale of `wanted` that there is. */
export async function choose(base, wanted) {
  for (const locale of wanted) {
    const name = locale?.slice(0, 2).toLowerCase();
    if (name === "en") return;
    if (!LOCALES[name]) continue;
    try {
      words = { ...en, ...(await import(`${base}/widget/${LOCALES[name]}`)).default };
      language = name;
    } catch {
      // a dead line: English is better than nothing
    }
    return;
  }
}

export const lang = () => language;
export const direction = () => (language === "ar" ? "rtl" : "ltr");

export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const clock = (at) => new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

/** A day for what is older, a time of day for today. */
export function when(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock(at) : date.toLocaleDateString(language, { day: "numeric", month: "short" });
}

/** When an answer is to be expected, in the customer's language where it can be said; else as the desk put it. */
export function expected({ reply, reply_time }) {
  if (reply?.at) return new Date(reply.at).toLocaleString(language, { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" });
  if (!reply?.minutes) return reply_time;
  const long = reply.minutes >= 90;
  return `≈ ${new Intl.NumberFormat(language, { style: "unit", unit: long ? "hour" : "minute", unitDisplay: "long" }).format(long ? Math.round(reply.minutes / 60) : reply.minutes)}`;
}

export function size(bytes) {
  const format = (value, unit) => new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
  return bytes < 1e6 ? format(bytes / 1024, "kilobyte") : format(bytes / 1024 / 1024, "megabyte");
}
