import escapeHtml from 'escape-html'
import type { Person } from './people.js'

/** The page to choose a person; a real provider would ask for a password. */
export function choosePersonPage(people: readonly Person[]): string {
  const button = (value: string, label: string) =>
    `<p><button name="sub" value="${escapeHtml(value)}">${escapeHtml(label)}</button></p>`
  const label = ({ preferred_username, email, email_verified }: Person) =>
    `I am ${preferred_username} (${email}${email_verified ? '' : ', not verified'})`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Example ID</title></head>
<body>
<main>
<h1>Example ID</h1>
<p>An application requests your name and your e-mail address.</p>
<form method="post">
${people.map((person) => button(person.sub, label(person))).join('\n')}
${button('', 'Cancel')}
</form>
</main>
</body>
</html>
`
}
