import { when } from '../when.js'

/** What an e-mail of this application says. */
export interface Letter {
  readonly subject: string
  /** What comes before the link, as it was typed: plain text, whose line breaks are kept. */
  readonly body: string
  /** Opens the page that the letter is about, to whoever holds it. */
  readonly link: string
  /** When the link stops working. */
  readonly expiresAt: Date
}

/** The letter twice: as plain text, and as simple HTML for those whose mail program prefers that. */
export function compose({ subject, body, link, expiresAt }: Letter): { text: string; html: string } {
  const words = body.replaceAll('\r\n', '\n')
  const note = `The link works until ${when.format(expiresAt)}, for whoever has it: please keep it to yourself.`
  return {
    // On a line of its own, a link ends where the line ends.
    text: `${words}\n\n${link}\n\n${note}\n`,
    html: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(subject)}</title></head>
<body>
<p>${escape(words).replaceAll('\n', '<br>\n')}</p>
<p><a href="${escape(link)}">${escape(link)}</a></p>
<p>${escape(note)}</p>
</body>
</html>
`,
  }
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** People type the subject and the body. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
