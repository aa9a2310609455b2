/** A picture in a page says in words what is in it, and those words come from the data, too. */

/**
 * The page with `words` as the text of a picture in docs/pictures/.
 *
 * @throws Error when the page does not show that picture.
 */
export function withCaption(page: string, name: string, words: string): string {
  const target = `(../pictures/${name}.svg)`;
  const shown = new RegExp(`!\\[[^\\]]*\\]${target.replaceAll(/[().]/g, "\\$&")}`);
  if (!shown.test(page)) throw new Error(`the page should show ![…]${target}`);
  return page.replace(shown, () => `![${words}]${target}`);
}
