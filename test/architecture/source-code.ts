/** What the architecture tests need to know of a source file, read from its text without a compiler. */

export interface ImportedModule {
  readonly specifier: string;
  readonly line: number;
  /** Nothing of it is left when the types are stripped: `import type`, `export type`, a type query `import('x')` is not told apart. */
  readonly typeOnly: boolean;
}

const PUNCTUATION_BEFORE_REGEXP = '(,=:[!&|?{};+-*%<>~^';
const WORD_BEFORE_REGEXP = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|yield|await|throw)$/;

/**
 * The text with comments, regular expressions and the inside of strings and templates blanked (`"` stands for any
 * quote), at the same positions, and the strings with where they begin: so that words in it are words of the program.
 */
export function codeOf(source: string): { readonly code: string; readonly strings: ReadonlyMap<number, string> } {
  const code = source.split('');
  const strings = new Map<number, string>();
  /** Depth of braces at which each `${` that is still open ends. */
  const templates: number[] = [];
  let braces = 0;
  let lastSignificant = '';
  let word = '';
  let at = 0;

  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) if (code[i] !== '\n') code[i] = ' ';
  };
  /** Position after the template's end or after the next `${`; `from` is inside the template. */
  const template = (from: number): number => {
    let i = from;
    while (i < source.length && source[i] !== '`' && !source.startsWith('${', i)) i += source[i] === '\\' ? 2 : 1;
    blank(from, i);
    if (source[i] === '`') return i + 1;
    templates.push(braces);
    braces += 1;
    return i + 2;
  };

  while (at < source.length) {
    const char = source.charAt(at);
    const start = at;
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end === -1 ? source.length : end;
      blank(start, at);
      continue;
    }
    if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      at = end === -1 ? source.length : end + 2;
      blank(start, at);
      continue;
    }
    if (char === "'" || char === '"') {
      at += 1;
      while (at < source.length && source[at] !== char && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
      strings.set(start, source.slice(start + 1, at));
      blank(start + 1, at);
      at += 1;
      code[start] = '"';
      if (at <= source.length) code[at - 1] = '"';
    } else if (char === '`') {
      at = template(at + 1);
    } else if (char === '}' && templates.at(-1) === braces - 1) {
      templates.pop();
      braces -= 1;
      at = template(at + 1);
    } else if (char === '/' && beginsRegExp(lastSignificant, word)) {
      at = endOfRegExp(source, at);
      blank(start, at);
    } else {
      if (char === '{') braces += 1;
      if (char === '}') braces -= 1;
      at += 1;
    }
    if (char.trim() !== '') {
      word = /[\w$.]/.test(char) && /[\w$.]/.test(source.charAt(start - 1)) ? word + char : char;
      lastSignificant = char;
    }
  }
  return { code: code.join(''), strings };
}

function beginsRegExp(lastSignificant: string, word: string): boolean {
  return lastSignificant === '' || PUNCTUATION_BEFORE_REGEXP.includes(lastSignificant) || WORD_BEFORE_REGEXP.test(word);
}

function endOfRegExp(source: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

const STATIC_IMPORT = /(?:^|[;}\n])[ \t]*(import|export)\b(?![ \t]*[(.])([^"`;]*?)(?<=\bfrom\s*|\bimport\s*)"/g;
const DYNAMIC_IMPORT = /\b(?:import|require)\s*\(\s*"/g;

/** Every module that the file names in an `import`, `export … from`, `import(…)` or `require(…)`. */
export function importsOf(source: string): ImportedModule[] {
  const { code, strings } = codeOf(source);
  const found: ImportedModule[] = [];
  const add = (quote: number, typeOnly: boolean) => {
    const specifier = strings.get(quote);
    if (specifier !== undefined) found.push({ specifier, line: lineAt(source, quote), typeOnly });
  };
  for (const match of code.matchAll(STATIC_IMPORT)) {
    add(match.index + match[0].length - 1, isTypeOnly(match[2] ?? ''));
  }
  for (const match of code.matchAll(DYNAMIC_IMPORT)) add(match.index + match[0].length - 1, false);
  return found.sort((a, b) => a.line - b.line);
}

/** `type { A } from`, or braces in which every name is a type. */
function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*(,|from\b))/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*from\s*$/.exec(clause)?.[1]?.split(',').map((name) => name.trim());
  return names !== undefined && names.some((name) => name !== '') && names.every((name) => name === '' || /^type\s/.test(name));
}

export function lineAt(source: string, position: number): number {
  let line = 1;
  for (let i = source.indexOf('\n'); i !== -1 && i < position; i = source.indexOf('\n', i + 1)) line += 1;
  return line;
}
