/** The messages that are sent, each with one link. They contain nothing that a person has typed. */
export const enMail = {
  selfService: {
    subject: (name: string | undefined): string =>
      name === undefined ? 'Your link' : `Your link to ${name}`,
    text: 'This address was entered to get a link. It opens the page that was asked for.',
    button: 'Open the page',
  },
  conversion: {
    subject: (name: string | undefined): string =>
      name === undefined ? 'Create your account' : `Create your account: ${name}`,
    text: 'This address was entered to create an account. To confirm it, open the page and press the button there.',
    button: 'Confirm the address',
  },
  freshLink: {
    subject: (name: string | undefined): string =>
      name === undefined ? 'Your fresh link' : `Your fresh link to ${name}`,
    text: 'The link that you were sent has expired, and a fresh one was asked for. Here it is.',
    button: 'Open the page',
  },
  invitation: {
    subject: (name: string | undefined): string =>
      name === undefined ? 'Your invitation' : `Your invitation to ${name}`,
    text: 'You are invited to a page, and need no account for it. Please use this link, and none that you were sent before.',
    button: 'Open the page',
  },
  plainLink: 'If the button does not work, copy this address into your browser:',
  code: (duration: string): string =>
    `Or type this code within ${duration} in the browser in which you asked for it:`,
  validFor: (duration: string): string => `The link works for ${duration}.`,
  keepSecret: 'Any person who has it can use it, so please pass it on to no other.',
  ignore: 'If you did not ask for it, ignore this message.',
}
