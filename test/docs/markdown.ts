/** A fenced block of a Markdown file. */
export interface CodeBlock {
  /** The language after the fence: `ts`, `sh` … */
  readonly language: string
  readonly code: string
  /** The line of the file on which `code` begins, counted from 1. */
  readonly line: number
  /** The name in the `<!-- program: NAME -->` directly above the block. */
  readonly program: string | undefined
  /** The path in the `<!-- file: PATH -->` directly above the block. */
  readonly file: string | undefined
}

/** The fenced blocks of a Markdown file, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let marks: Record<string, string> = {}
  let open: { fence: string; indent: number; language: string; line: number; lines: string[] } | undefined

  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^(?<indent>\s*)(?<fence>`{3,}|~{3,})\s*(?<language>[^\s`]*)/.exec(text)?.groups
    if (open === undefined) {
      const mark = /^\s*<!-- (?<key>program|file): (?<value>[\w./-]+) -->\s*$/.exec(text)?.groups
      if (mark !== undefined) marks[mark['key'] ?? ''] = mark['value'] ?? ''
      else if (fence === undefined && text.trim() !== '') marks = {}
      if (fence === undefined) continue
      const { fence: ticks = '', indent = '', language = '' } = fence
      open = { fence: ticks, indent: indent.length, language, line: index + 2, lines: [] }
    } else if (fence?.['fence']?.startsWith(open.fence) === true && fence['language'] === '') {
      const { language, line, lines } = open
      blocks.push({ language, code: lines.join('\n'), line, program: marks['program'], file: marks['file'] })
      open = undefined
      marks = {}
    } else {
      open.lines.push(text.slice(Math.min(open.indent, text.search(/\S|$/))))
    }
  }
  if (open !== undefined) throw new Error(`The block that begins on line ${open.line - 1} is never closed`)
  return blocks
}

/** Whether a block is JavaScript or TypeScript. */
export function isProgramCode({ language }: CodeBlock): boolean {
  return /^(typescript|javascript|[cm]?[jt]sx?)$/i.test(language)
}

/** The commands of the shell blocks, one for each line. */
export function shellCommands(blocks: readonly CodeBlock[]): string[] {
  return blocks
    .filter(({ language }) => /^(sh|bash|shell|console|zsh)$/i.test(language))
    .flatMap(({ code }) => code.split('\n').map((line) => line.replace(/^\$ /, '').trim()))
    .filter((line) => line !== '' && !line.startsWith('#'))
}
