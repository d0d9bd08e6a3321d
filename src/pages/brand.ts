import { InvalidOption } from '../invalid-option.js'
import { aLocalUrl, aString, checkOptions, type Rule } from '../options.js'

/** How the application presents itself on the pages. */
export interface Brand {
  /** The application's name: it stands above the page, and is the logo's alternative text. */
  name?: string
  /** The address of an image; from another site, the page's policy admits that site. */
  logo?: string
  /** Where name and logo lead: a path of the application, or an address. @default they lead nowhere */
  home?: string
  /** The colour of buttons, as `#rgb` or `#rrggbb`; one for light and dark pages, or one for each. */
  color?: string | { readonly light: string; readonly dark: string }
}

/** The colours of a page: what a text stands on, what it is written in, and what stands out. */
interface Palette {
  readonly ink: string
  readonly paper: string
  /** Of buttons, and of the frame around what has the focus. */
  readonly act: string
  /** Of the text on buttons. */
  readonly onAct: string
  readonly link: string
}

export interface Palettes {
  readonly light: Palette
  readonly dark: Palette
}

const LIGHT = { ink: '#1c1c1c', paper: '#ffffff' }
const DARK = { ink: '#eeeeee', paper: '#1a1a1a' }

/** WCAG 2.2, 1.4.3 (text) and 1.4.11 (buttons and what shows the focus, against the page). */
const TEXT_CONTRAST = 4.5
const SHAPE_CONTRAST = 3

const aColor: Rule = {
  expected: "a colour, such as '#0b57d0', or { light, dark }",
  test: (value) =>
    isColor(value) ||
    (typeof value === 'object' &&
      value !== null &&
      Object.keys(value).sort().join() === 'dark,light' &&
      Object.values(value).every(isColor)),
}

const aLogo: Rule = {
  expected: 'the URL of an image, such as /logo.svg',
  test: (value) => aLocalUrl.test(value) && URL.canParse(value as string, 'https://example.com'),
}

/** @throws {TypeError} naming what is wrong; for a colour that cannot be told from the page, with its contrast */
export function checkBrand(caller: string, brand: Brand): void {
  checkOptions(caller, brand, { name: aString, logo: aLogo, home: aLocalUrl, color: aColor })
  const { light, dark } = palettesOf(brand)
  for (const [name, { act, paper }] of Object.entries({ light, dark })) {
    const ratio = contrast(act, paper)
    if (ratio >= SHAPE_CONTRAST) continue
    throw new InvalidOption(
      `${caller}: option 'color' has a contrast of ${ratio.toFixed(2)}:1 to the ${name} page (${paper}), and must have ` +
        `${String(SHAPE_CONTRAST)}:1 (WCAG 2.2, 1.4.11); { light, dark } gives a colour for each`,
    )
  }
}

/** The colours of the pages. The text on a button is black or white, so that it always has the contrast of a text. */
export function palettesOf({ color }: Brand = {}): Palettes {
  const { light, dark } =
    typeof color === 'object' ? color : { light: color ?? '#0b57d0', dark: color ?? '#a8c7fa' }
  return { light: paletteOf(LIGHT, light), dark: paletteOf(DARK, dark) }
}

function paletteOf({ ink, paper }: { ink: string; paper: string }, act: string): Palette {
  const onAct = contrast(act, '#ffffff') >= TEXT_CONTRAST ? '#ffffff' : '#000000'
  return { ink, paper, act, onAct, link: contrast(act, paper) >= TEXT_CONTRAST ? act : ink }
}

/** WCAG 2.2, "contrast ratio": from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** WCAG 2.2, "relative luminance". */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((channel) =>
    channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channels(color: string): number[] {
  const digits = color.length === 4 ? color.replace(/[\da-f]/gi, '$&$&') : color
  return [1, 3, 5].map((at) => parseInt(digits.slice(at, at + 2), 16) / 255)
}

function isColor(value: unknown): value is string {
  return typeof value === 'string' && /^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(value)
}
