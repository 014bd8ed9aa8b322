// Loaded before a command (node --import): its wall clock is this far ahead, as if so much time had passed.
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);
const now = Date.now;
Date.now = () => now() + aheadMs;
