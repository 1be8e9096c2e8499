// A shop's own colour, made readable: WCAG's contrast, and the nearest shade that has enough of it.

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** @returns {string | undefined} `#rrggbb` of `#rgb` or `#rrggbb`, undefined for anything else */
export function hexOf(text) {
  const hex = text?.trim().toLowerCase() ?? "";
  if (/^#[0-9a-f]{3}$/.test(hex)) return hex.replace(/[0-9a-f]/g, "$&$&");
  return /^#[0-9a-f]{6}$/.test(hex) ? hex : undefined;
}

function luminance(hex) {
  const [r, g, b] = channels(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Text on a fill of `hex`: white or near black, whichever is easier to read. */
export const onTop = (hex) => (contrast(hex, "#ffffff") >= contrast(hex, "#0b1d26") ? "#ffffff" : "#0b1d26");

/** The shade of `hex` nearest to it with at least 4.5:1 on `ground`. */
export function readable(hex, ground) {
  const towards = luminance(ground) > 0.4 ? 0 : 255;
  for (let part = 0; part <= 1; part += 0.05) {
    const mixed = channels(hex).map((value) => Math.round(value + (towards - value) * part));
    const shade = `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
    if (contrast(shade, ground) >= 4.5) return shade;
  }
  return towards ? "#ffffff" : "#000000";
}
