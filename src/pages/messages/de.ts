import { deMail } from './de-mail.js'
import type { Translation } from './catalog.js'

/** The words in German. */
export const de: Translation = {
  form: {
    failedTitle: (title) => `Fehler: ${title}`,
    typeAgain: 'Bitte noch einmal eingeben: Die Eingabe wurde nicht gespeichert.',
  },
  conversion: {
    title: 'Konto anlegen',
    text: 'Alles, was Sie hier bisher gemacht haben, bleibt Ihnen erhalten.',
    button: 'Konto anlegen',
    textWithLink:
      'Alles, was Sie hier bisher gemacht haben, bleibt Ihnen erhalten. Wir senden einen Link an Ihre E-Mail-Adresse; Ihr Konto entsteht, sobald Sie ihm folgen.',
    buttonWithLink: 'Link senden',
    haveAccount: 'Ich habe schon ein Konto: anmelden',
    sent: {
      title: 'Sehen Sie in Ihr Postfach',
      text: (address, duration) =>
        `Wir haben eine Nachricht an ${address ?? 'die eingegebene Adresse'} gesendet. Der Link darin gilt ${duration}. Folgen Sie ihm, um Ihr Konto anzulegen; hier können Sie inzwischen weitermachen.`,
      again: 'Nichts angekommen, oder die Adresse ist falsch? Korrigieren und erneut anfordern',
    },
    confirm: {
      title: 'Dieses Konto anlegen?',
      text: (username, email) =>
        `Das Konto „${username}“ wird für die Adresse ${email} angelegt. Fahren Sie nur fort, wenn Sie selbst darum gebeten haben: Das Passwort hat die Person gewählt, die es angefordert hat.`,
      button: 'Konto anlegen',
    },
    success: {
      title: 'Ihr Konto ist bereit',
      text: 'Sie sind angemeldet, und alles, was Sie hier gemacht haben, gehört weiterhin Ihnen.',
      link: 'Weiter',
    },
    verified: {
      title: 'Ihr Konto ist bereit',
      text: 'Die Adresse ist bestätigt. Melden Sie sich hier mit dem Passwort an, das Sie gewählt haben.',
      link: 'Anmelden',
    },
    incomplete: {
      title: 'Dieser Link ist unvollständig',
      text: 'Bitte kopieren Sie die ganze Adresse aus der Nachricht, oder fordern Sie einen neuen Link an.',
      form: 'Neuen Link anfordern',
    },
    gone: {
      title: 'Dieser Link gilt nicht mehr',
      text: 'Vielleicht wurde er schon verwendet: Dann gibt es Ihr Konto, und Sie können sich anmelden. Andernfalls ist er abgelaufen, oder Sie haben einen neueren angefordert: Fordern Sie ihn in dem Browser an, in dem Sie begonnen haben.',
      login: 'Anmelden',
      form: 'Neuen Link anfordern',
    },
    taken: {
      title: 'Das Konto wurde nicht angelegt',
      username: 'Dieser Benutzername gehört inzwischen zu einem Konto.',
      email: 'Diese Adresse gehört inzwischen zu einem Konto.',
      other: 'Eine Ihrer Eingaben gehört inzwischen zu einem Konto.',
      text: 'Nichts ist verloren: Wählen Sie etwas anderes in dem Browser, in dem Sie begonnen haben.',
      form: 'Zurück zum Formular',
      login: 'Beim Konto anmelden',
    },
    converted: {
      title: 'Sie sind kein Gast mehr',
      text: 'Ihr Konto gibt es schon: Vielleicht haben Sie die Schaltfläche zweimal oder in einem anderen Tab betätigt. Melden Sie sich an, um fortzufahren.',
      login: 'Anmelden',
    },
    deleted: {
      title: 'Sie sind kein Gast mehr',
      text: 'Es wurde kein Konto angelegt. Ihre Zeit als Gast ist vorbei: Sie ist abgelaufen, oder Sie haben sich in einem anderen Tab bei einem Konto angemeldet. Melden Sie sich dort an, oder beginnen Sie von vorn.',
      login: 'Anmelden',
    },
  },
  selfService: {
    title: 'Wer sind Sie?',
    text: 'Sagen Sie uns, wer Sie sind, und wir senden einen Link an Ihre E-Mail-Adresse, der Ihnen Zugang gibt.',
    button: 'Link senden',
    why: {
      noPass: 'Die gewünschte Seite ist für eingeladene Personen. Hier können Sie um eine Einladung bitten.',
      refused:
        'Der Link, dem Sie gefolgt sind, funktioniert nicht oder nicht mehr. Hier können Sie einen neuen anfordern.',
      otherScope: 'Ihre Einladung gilt für eine andere Seite. Hier können Sie eine für diese anfordern.',
      ended: 'Ihr Besuch ist beendet. Hier können Sie einen neuen Link anfordern.',
    },
    sent: {
      title: 'Sehen Sie in Ihr Postfach',
      text: (address, duration) =>
        `Wir haben einen Link an ${address ?? 'die eingegebene Adresse'} gesendet. Er gilt ${duration}. Folgen Sie ihm, um fortzufahren; diese Seite können Sie schließen.`,
      again: 'Nichts angekommen, oder die Adresse ist falsch? Korrigieren und erneut anfordern',
    },
    incomplete: {
      title: 'Diese Adresse ist unvollständig',
      text: 'Bitte öffnen Sie die Seite, die Sie sehen wollten, noch einmal.',
      home: 'Zur Startseite',
    },
    expired: {
      title: 'Dieses Formular ist nicht mehr offen',
      text: 'Es war zu lange geöffnet, und nichts wurde gesendet. Bitte beginnen Sie von vorn.',
      again: 'Von vorn beginnen',
    },
  },
  leave: {
    title: 'Möchten Sie gehen?',
    text: 'Sie sind als Gast hier. Wenn Sie gehen, führt kein Weg zurück zu dem, was Sie hier gemacht haben.',
    button: 'Gehen und alles verlieren',
    textWithDeletion:
      'Sie sind als Gast hier. Wenn Sie gehen, wird alles, was Sie hier gemacht haben, sofort gelöscht.',
    buttonWithDeletion: 'Gehen und alles löschen',
    keep: 'Konto anlegen und alles behalten',
  },
  limitedLink: {
    title: 'Einladung öffnen',
    text: 'Dieser Link lässt sich nur begrenzt oft öffnen. Mit der Schaltfläche öffnen Sie ihn jetzt.',
    button: 'Weiter',
  },
  fields: {
    username: 'Benutzername',
    email: 'E-Mail-Adresse',
    firstName: 'Vorname',
    lastName: 'Nachname',
    password: 'Passwort',
    passwordHint: (shortest) => `Mindestens ${String(shortest)} beliebige Zeichen`,
    passwordAgain: 'Dasselbe Passwort noch einmal',
  },
  errors: {
    required: 'Bitte füllen Sie dieses Feld aus',
    tooLong: (longest) => `Höchstens ${String(longest)} Zeichen, bitte`,
    tooShort: (shortest) => `Mindestens ${String(shortest)} Zeichen, bitte`,
    noAddress: 'Das ist keine E-Mail-Adresse',
    invisible: 'Bitte verwenden Sie keine unsichtbaren Zeichen',
    unacceptable: 'Das kann so nicht gespeichert werden',
    passwordsDiffer: 'Das ist nicht dasselbe Passwort',
    guessable: 'Dieses Passwort ist leicht zu erraten. Bitte wählen Sie ein anderes.',
    usernameTaken: 'Dieser Benutzername ist vergeben',
    emailTaken: 'Zu dieser Adresse gibt es schon ein Konto',
    taken: 'Das gehört schon zu einem anderen Konto',
    somethingTaken: 'Eine Ihrer Eingaben gehört schon zu einem anderen Konto',
    tooManyForms: 'Von hier aus gab es zu viele Versuche. Bitte versuchen Sie es später noch einmal.',
    tooManyMessages:
      'Es wurden zu viele Links angefordert. Bitte sehen Sie in Ihr Postfach, oder versuchen Sie es später noch einmal.',
    notSent: 'Die Nachricht ließ sich gerade nicht senden. Bitte versuchen Sie es gleich noch einmal.',
    notVerified: 'Wir konnten nicht erkennen, dass Sie ein Mensch sind. Bitte versuchen Sie es erneut.',
    noCode: (digits) => `Der Code hat ${String(digits)} Ziffern`,
    wrongCode: (left) => `Das ist nicht der Code aus der Nachricht. Verbleibende Versuche: ${String(left)}`,
    codeVoid:
      'Dieser Code gilt nicht mehr, oder nicht in diesem Browser. Folgen Sie dem Link in der Nachricht, oder fordern Sie hier einen neuen Code an.',
  },
  freshLink: {
    asked: {
      title: 'Sehen Sie in Ihr Postfach',
      text: 'Wenn dieser Link einmal gültig war, ist ein neuer unterwegs zu dem Postfach, an das dieser gesendet wurde. Wenn nichts ankommt, bitten Sie die Person, die Sie eingeladen hat, um einen neuen.',
    },
    tooOften: {
      title: 'Das war zu oft',
      text: 'Von hier wurden zu viele Links angefordert. Bitte sehen Sie in Ihr Postfach, oder versuchen Sie es später noch einmal.',
    },
  },
  problem: {
    login: 'Anmelden',
    convert: 'Konto anlegen',
    home: 'Zur Startseite',
    selfService: 'Neuen Link anfordern',
    byInvitation: {
      title: 'Diese Seite ist für eingeladene Personen',
      text: 'Bitte folgen Sie dem Link in Ihrer Einladung. Wenn Sie das gerade getan haben, funktioniert er nicht mehr: Bitten Sie die Person, die Sie eingeladen hat, um einen neuen.',
    },
    staleLink: {
      title: 'Dieser Link funktioniert nicht mehr',
      text: 'Er ist vielleicht zu alt. Wenn es Ihrer ist, kann ein neuer an das Postfach gesendet werden, an das dieser gesendet wurde.',
      button: 'Neuen Link senden',
    },
    damagedLink: {
      title: 'Dieser Link ist unvollständig',
      text: 'Ein Teil fehlt. Bitte kopieren Sie den ganzen Link aus der Nachricht, oder fordern Sie einen neuen an.',
    },
    wrongScope: {
      title: 'Ihre Einladung gilt für eine andere Seite',
      text: 'Sie ist gültig, aber diese Seite braucht eine andere.',
    },
    visitEnded: {
      title: 'Ihr Besuch ist beendet',
      text: 'Bitte folgen Sie dem Link in Ihrer Einladung noch einmal. Wenn er nicht mehr funktioniert, bitten Sie die Person, die Sie eingeladen hat, um einen neuen.',
    },
    guestGone: {
      title: 'Sie sind nicht mehr als Gast hier',
      text: 'Nichts wurde geändert. Wenn Sie ein Konto haben, melden Sie sich an; sonst beginnen Sie von vorn.',
    },
    guestsOnly: {
      title: 'Sie haben schon ein Konto',
      text: 'Diese Seite ist für Personen, die als Gast hier sind.',
    },
    loginNeeded: {
      title: 'Bitte melden Sie sich an',
      text: 'Nichts wurde geändert. Diese Seite ist für Personen mit einem Konto: Melden Sie sich an, und versuchen Sie es noch einmal.',
    },
    accountNeeded: {
      title: 'Dafür brauchen Sie ein Konto',
      text: 'Sie sind als Gast hier. Legen Sie ein Konto an, und Sie behalten alles, was Sie bisher gemacht haben.',
    },
    converted: {
      title: 'Sie sind kein Gast mehr',
      text: 'Ihr Konto wurde schon angelegt, vielleicht in einem anderen Fenster. Melden Sie sich dort an.',
    },
    notDeleted: {
      title: 'Ihre Daten konnten nicht gelöscht werden',
      text: 'Nichts wurde gelöscht. Bitte sagen Sie es den Betreibern dieser Website.',
    },
    notMerged: {
      title: 'Sie sind noch nicht angemeldet',
      text: 'Was Sie als Gast gemacht haben, konnte nicht in Ihr Konto übernommen werden. Deshalb wurde nichts geändert. Bitte versuchen Sie es gleich noch einmal.',
    },
    logoutUnconfirmed: {
      title: 'Möchten Sie gehen?',
      text: 'Sie sind als Gast hier, und nichts wurde geändert. Wenn Sie sich abmelden, führt kein Weg zurück zu dem, was Sie hier gemacht haben.',
    },
    notVerified: {
      title: 'Wir konnten nicht erkennen, dass Sie ein Mensch sind',
      text: 'Bitte gehen Sie zurück, und lösen Sie die Aufgabe noch einmal.',
    },
    foreignForm: {
      title: 'Das kam von einer anderen Website',
      text: 'Nichts wurde geändert. Öffnen Sie die Seite auf dieser Website, und versuchen Sie es noch einmal.',
    },
    forbidden: {
      title: 'Diese Seite ist für Sie nicht offen',
      text: 'Sie können diese Seite nicht sehen oder dies nicht tun.',
    },
    tooOften: {
      title: 'Das war zu oft',
      text: 'Bitte warten Sie eine Weile, und versuchen Sie es noch einmal.',
    },
    unavailable: {
      title: 'Das geht im Moment nicht',
      text: 'Nichts wurde geändert. Bitte versuchen Sie es gleich noch einmal.',
    },
    refused: {
      title: 'Das hat nicht geklappt',
      text: 'Nichts wurde geändert. Bitte gehen Sie zurück, und versuchen Sie es noch einmal.',
    },
    failed: {
      title: 'Ein Fehler ist aufgetreten',
      text: 'Der Fehler liegt bei uns. Bitte versuchen Sie es gleich noch einmal.',
    },
  },
  mail: deMail,
  code: {
    text: (address, codeDuration, linkDuration) =>
      `Wir haben eine Nachricht an ${address ?? 'die eingegebene Adresse'} gesendet. Geben Sie den Code darin hier ein, er gilt ${codeDuration}; oder folgen Sie dem Link darin, er gilt ${linkDuration}.`,
    label: 'Code aus der Nachricht',
    hint: (digits) => `${String(digits)} Ziffern`,
    button: 'Code bestätigen',
  },
}
