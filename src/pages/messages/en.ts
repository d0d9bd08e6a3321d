import { enMail } from './en-mail.js'
import { enProblem } from './en-problem.js'

/**
 * The words of all pages and messages, in English, by page. Other languages have the same keys; a word that one leaves out
 * stands in English. A word with parameters is a function of them: addresses and names arrive isolated, so that their
 * direction does not disturb the sentence, and durations in words.
 */
export const en = {
  /** What all forms share. */
  form: {
    /** The title in the browser's tab after an error: a screen reader reads it first. */
    failedTitle: (title: string): string => `Error: ${title}`,
    /** Beside a password, which is never sent back. */
    typeAgain: 'Please type this again: it was not kept.',
  },
  /** The page in which a guest becomes a regular user (`convertRouter`). */
  conversion: {
    title: 'Create your account',
    text: 'Everything that you have done here stays yours.',
    button: 'Create account',
    /** Instead of the two above, where the address is verified first. */
    textWithLink:
      'Everything that you have done here stays yours. We send a link to your e-mail address; your account exists once you have followed it.',
    buttonWithLink: 'Send me the link',
    haveAccount: 'I have an account already: log in',
    sent: {
      title: 'Look into your mailbox',
      text: (address: string | undefined, duration: string): string =>
        `We have sent a message to ${address ?? 'the address that you typed'}. Follow the link in it within ${duration} to create your account; you can go on here meanwhile.`,
      again: 'Nothing came, or the address is wrong? Correct it and ask again',
    },
    confirm: {
      title: 'Create this account?',
      text: (username: string, email: string): string =>
        `The account “${username}” will be created for the address ${email}. Go on only if you have asked for it ` +
        'yourself: the person who asked has chosen its password.',
      button: 'Create account',
    },
    success: {
      title: 'Your account is ready',
      text: 'You are logged in, and everything that you have done here is still yours.',
      link: 'Continue',
    },
    verified: {
      title: 'Your account is ready',
      text: 'The address is confirmed. Log in here with the password that you have chosen.',
      link: 'Log in',
    },
    incomplete: {
      title: 'This link is incomplete',
      text: 'Please copy the whole address from the message, or ask for another one.',
      form: 'Ask for another link',
    },
    gone: {
      title: 'This link is no longer valid',
      text:
        'It may have been used already: then your account exists, and you can log in. Otherwise it has expired, or you have ' +
        'asked for a newer one: ask again in the browser in which you began.',
      login: 'Log in',
      form: 'Ask for another link',
    },
    taken: {
      title: 'The account was not created',
      username: 'This username belongs to an account by now.',
      email: 'This address belongs to an account by now.',
      other: 'Something that you typed belongs to an account by now.',
      text: 'Nothing of yours is lost: choose another one in the browser in which you began.',
      form: 'Back to the form',
      login: 'Log in to the account',
    },
    converted: {
      title: 'You are no longer a guest',
      text: 'Your account exists already: perhaps you have pressed the button twice, or in another tab. Log in to go on.',
      login: 'Log in',
    },
    deleted: {
      title: 'You are no longer a guest',
      text:
        'No account was created. Your time as a guest is over: it has expired, or you have logged in to an account in ' +
        'another tab. Log in to that account, or begin again.',
      login: 'Log in',
    },
  },
  /** The page on which a person without a pass asks for one (`selfServiceRouter`). */
  selfService: {
    title: 'Who are you?',
    text: 'Tell us who you are, and we send a link to your e-mail address that lets you in.',
    button: 'Send me the link',
    /** Why a person is here, above the text. A link that names no pass and one that has expired must look alike. */
    why: {
      noPass: 'The page that you wanted to see is for people with an invitation. You can ask for one here.',
      refused:
        'The link that you followed does not work, or no longer works. You can ask for a new one here.',
      otherScope: 'Your invitation is for another page. You can ask for one for this page here.',
      ended: 'Your visit has ended. You can ask for a new link here.',
    },
    sent: {
      title: 'Look into your mailbox',
      text: (address: string | undefined, duration: string): string =>
        `We have sent a link to ${address ?? 'the address that you typed'}. Follow it within ${duration} to go on; you can close this page.`,
      again: 'Nothing came, or the address is wrong? Correct it and ask again',
    },
    incomplete: {
      title: 'This address is incomplete',
      text: 'Please open the page that you wanted to see again.',
      home: 'To the start page',
    },
    expired: {
      title: 'This form is no longer open',
      text: 'It was open for too long, and nothing was sent. Please begin again.',
      again: 'Begin again',
    },
  },
  /** The page that asks a guest to confirm the logout (`guestLogout`). */
  leave: {
    title: 'Do you want to leave?',
    text: 'You are here as a guest. Once you have left, there is no way back to what you have done here.',
    button: 'Leave and lose everything',
    /** Instead of the two above, where the guest is deleted at once. */
    textWithDeletion:
      'You are here as a guest. Once you have left, all that you have done here is deleted at once.',
    buttonWithDeletion: 'Leave and delete everything',
    keep: 'Create an account and keep everything',
  },
  /** The page with the button that a link with `maxUses` opens (`VisitorTokenStrategy`). */
  limitedLink: {
    title: 'Open your invitation',
    text: 'This link can be opened only a limited number of times. Press the button to open it now.',
    button: 'Continue',
  },
  /** The answer to the button for a fresh link (`onExpiredLink`); the same whether or not there is such a pass. */
  freshLink: {
    asked: {
      title: 'Look into your mailbox',
      text:
        'If this link was valid once, a fresh one is on its way to the mailbox to which this one was sent. If nothing comes, ' +
        'ask the person who invited you for a new one.',
    },
    tooOften: {
      title: 'That was too often',
      text: 'Too many links were asked for from here. Please look into your mailbox, or try again later.',
    },
  },
  problem: enProblem,
  /** The labels of the forms' fields, and the lines beneath them. */
  fields: {
    username: 'Username',
    email: 'E-mail address',
    firstName: 'First name',
    lastName: 'Last name',
    password: 'Password',
    passwordHint: (shortest: number): string => `At least ${String(shortest)} characters, of any kind`,
    passwordAgain: 'The same password again',
  },
  /** What is wrong, by the stable code of the error; a limit is the only parameter. */
  errors: {
    required: 'Please fill this in',
    tooLong: (longest: number): string => `At most ${String(longest)} characters, please`,
    tooShort: (shortest: number): string => `At least ${String(shortest)} characters, please`,
    noAddress: 'This is not an e-mail address',
    invisible: 'Please use no invisible characters',
    /** A model refuses the value, and gives no reason that people would understand. */
    unacceptable: 'This cannot be kept as it is',
    passwordsDiffer: 'This is not the same password',
    guessable: 'This password is easy to guess. Please choose another one.',
    usernameTaken: 'This username is taken',
    emailTaken: 'This address belongs to an account already',
    taken: 'This belongs to another account already',
    somethingTaken: 'Something that you typed belongs to another account already',
    tooManyForms: 'That was tried too often from here. Please try again later.',
    tooManyMessages: 'Too many links were asked for. Please look into your mailbox, or try again later.',
    notSent: 'We could not send the message just now. Please try again in a moment.',
    /** Of `verify`. */
    notVerified: 'We could not tell that you are a person. Please answer the check again.',
    noCode: (digits: number): string => `The code has ${String(digits)} digits`,
    wrongCode: (left: number): string =>
      `This is not the code from the message. Attempts left: ${String(left)}`,
    /** Too old, tried too often, used, replaced by a newer one, or asked for in another browser. */
    codeVoid:
      'This code does not work any more, or not in this browser. Follow the link in the message, or ask for a new code here.',
  },
  mail: enMail,
  /** The page after the message was sent, where the code in it can be typed. */
  code: {
    text: (address: string | undefined, codeDuration: string, linkDuration: string): string =>
      `We have sent a message to ${address ?? 'the address that you typed'}. Type the code in it here within ${codeDuration}, or follow the link in it within ${linkDuration}.`,
    label: 'Code from the message',
    hint: (digits: number): string => `${String(digits)} digits`,
    button: 'Confirm the code',
  },
}
