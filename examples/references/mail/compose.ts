import { when } from '../when.js'

/** The content of an e-mail of this application. */
export interface Letter {
  readonly subject: string
  /** The text before the link, as it was typed: plain text with line breaks. */
  readonly body: string
  /** A bearer link to the page. */
  readonly link: string
  /** When the link stops working. */
  readonly expiresAt: Date
}

/** Renders the letter as plain text and as simple HTML. */
export function compose({ subject, body, link, expiresAt }: Letter): { text: string; html: string } {
  const words = body.replaceAll('\r\n', '\n')
  const note = `The link works until ${when.format(expiresAt)}, for any person who has it: please do not share it.`
  return {
    // On its own line, so that mail programs find the end of the link.
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

/** Subject and body are user input. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
