// Puts figures between the README's markers.

/** `name` is that of the markers: `<!-- name --> … <!-- /name -->`. Throws when there is no place for them. */
export const withFigures = (readme: string, figures: string, name = 'bench'): string => {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the README has no ${begin} … ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${figures}\n\n${readme.slice(to)}`;
};
