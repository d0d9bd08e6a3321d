/** What a person sees in place of an error (`errorPages`): what happened, and what to do now. */
export const enProblem = {
  login: 'Log in',
  convert: 'Create an account',
  home: 'Go to the start page',
  selfService: 'Ask for a new link',
  /** The same for all passes of which outsiders must not learn whether they exist, and why they are refused. */
  byInvitation: {
    title: 'This page is by invitation',
    text:
      'Please follow the link in your invitation. If you just did, it no longer works: ask the person who invited you ' +
      'for a new one.',
  },
  /** Instead, if the visitor strategy has `onExpiredLink`. */
  staleLink: {
    title: 'This link no longer works',
    text: 'It may be too old. If it is yours, a fresh one can be sent to the mailbox to which this one was sent.',
    button: 'Send a fresh link',
  },
  damagedLink: {
    title: 'This link is incomplete',
    text: 'A part of it is missing. Please copy the whole link out of the message, or ask for a new one.',
  },
  wrongScope: {
    title: 'Your invitation is for another page',
    text: 'It is valid, but this page needs a different one.',
  },
  visitEnded: {
    title: 'Your visit has ended',
    text:
      'Please follow the link in your invitation again. If it no longer works, ask the person who invited you for a ' +
      'new one.',
  },
  guestGone: {
    title: 'You are not here as a guest any more',
    text: 'Nothing was changed. If you have an account, log in; otherwise begin again.',
  },
  guestsOnly: {
    title: 'You have an account already',
    text: 'This page is for people who are here as a guest.',
  },
  loginNeeded: {
    title: 'Please log in',
    text: 'Nothing was changed. This page is for people with an account: log in, and try again.',
  },
  accountNeeded: {
    title: 'You need an account for this',
    text: 'You are here as a guest. Create an account, and you keep everything that you have done so far.',
  },
  converted: {
    title: 'You are not a guest any more',
    text: 'Your account has been created already, perhaps in another window. Log in to it.',
  },
  notDeleted: {
    title: 'Your data could not be deleted',
    text: 'Nothing was deleted. Please tell the people who run this site.',
  },
  notMerged: {
    title: 'You are not logged in yet',
    text: 'What you did as a guest could not be moved to your account, so nothing was changed. Please try again in a moment.',
  },
  logoutUnconfirmed: {
    title: 'Do you want to leave?',
    text: 'You are here as a guest, and nothing was changed. If you log out, there is no way back to what you have done here.',
  },
  notVerified: {
    title: 'We could not tell that you are a person',
    text: 'Please go back, and answer the check again.',
  },
  foreignForm: {
    title: 'This came from another site',
    text: 'Nothing was changed. Open the page on this site, and try again.',
  },
  /** By the status, for all others. */
  forbidden: { title: 'This page is not open to you', text: 'You cannot see this page, or do this.' },
  tooOften: { title: 'That was too often', text: 'Please wait a while, and try again.' },
  unavailable: {
    title: 'This does not work at the moment',
    text: 'Nothing was changed. Please try again in a moment.',
  },
  refused: { title: 'That did not work', text: 'Nothing was changed. Please go back, and try again.' },
  failed: {
    title: 'Something went wrong',
    text: 'The error is on our side. Please try again in a moment.',
  },
}
