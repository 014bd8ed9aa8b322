// Runs in a page. Gives the texts whose contrast to what is behind them is under 4.5 to 1, the least that WCAG allows;
// what is disabled may be fainter.
(() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  const backdrops = (element) =>
    element === null ? [] : [...backdrops(element.parentElement), getComputedStyle(element).backgroundColor];

  // Of colors painted over each other on white.
  const luminance = (colors) => {
    for (const color of ["#fff", ...colors]) {
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((part) =>
      part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  const contrastOf = (element) => {
    const behind = backdrops(element);
    const levels = [luminance(behind), luminance([...behind, getComputedStyle(element).color])];
    return (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
  };

  const hasText = (element) =>
    !element.matches(":disabled, option, script, style") &&
    [...element.childNodes].some(({ nodeType, nodeValue }) => nodeType === Node.TEXT_NODE && nodeValue.trim());

  return [...document.body.querySelectorAll("*")]
    .filter((element) => hasText(element) && contrastOf(element) < 4.5)
    .map((element) => `${element.textContent} has ${contrastOf(element).toFixed(2)}`);
})();
