// Numbers for people. Both pages use it.
const YEAR = 365 * 24 * 3600;
const UNITS = [[YEAR, "year"], [24 * 3600, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(2)} MB`;
}

export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

// Says in words what a Cache-Control field value allows.
export function lifetime(cacheControl) {
  if (!cacheControl) return "not said";
  const seconds = Number(/max-age=(\d+)/.exec(cacheControl)?.[1] ?? 0);
  const [length, unit] = UNITS.find(([length]) => seconds >= length) ?? [1, "second"];
  const words = plural(Math.floor(seconds / length), unit);
  return cacheControl.includes("immutable") ? `${words}, immutable` : words;
}

export function yearsSince(year) {
  return plural(new Date().getFullYear() - year, "year");
}
