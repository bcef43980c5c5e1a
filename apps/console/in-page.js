// What the tests ask of the page from within: each runs in the browser and stands alone. Plain JavaScript, for the types of a
// browser would be everyone's here.

/** Every text that can be seen, with its contrast to what is behind it: WCAG 2.2, 1.4.3. */
export function contrasts() {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const light = (colour) => {
    const [red, green, blue] = channels(colour)
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element)
    return channels(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor
  }
  const shows = (element) =>
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName) ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim())
  return [...document.querySelectorAll('body *:not(option, script, noscript)')]
    .filter((element) => element.checkVisibility() && shows(element))
    .map((element) => {
      const [text, back] = [light(getComputedStyle(element).color), light(behind(element))]
      const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)
      return { text: `${element.tagName} ${element.textContent.trim().slice(0, 40)}`, contrast, dark: text > back }
    })
}

/** All that a person, or a copy of the page, could find: text, attributes, and what stands in fields that show it. */
export function visible() {
  const shown = document.documentElement.cloneNode(true)
  for (const script of shown.querySelectorAll('script')) script.remove()
  const fields = [...document.querySelectorAll('input:not([type=password]), textarea, select')]
  return [shown.outerHTML, shown.textContent, ...fields.map(({ value }) => value)].join('\n')
}

/** How wide the page is, and what stands over its right edge. */
export function edge() {
  const over = [...document.querySelectorAll('body *')].filter(
    (element) => element.getBoundingClientRect().right > innerWidth || element.scrollWidth > element.clientWidth + 1,
  )
  // A field scrolls what is typed into it, and an inline element has no width of its own.
  const beyond = over.filter((element) => !element.matches('input, select, textarea') && element.clientWidth > 0)
  return { width: document.documentElement.scrollWidth, beyond: beyond.map(({ outerHTML }) => outerHTML.slice(0, 80)) }
}

/** Where the keyboard is, and whether that is to be seen. */
export function focus() {
  const { activeElement } = document
  return [activeElement.id || activeElement.tagName, getComputedStyle(activeElement).outlineStyle]
}

/** Which directive stops a script that is put into the page. */
export function intrude() {
  return new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective))
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'document.title = "mine"' }))
  })
}

/** The label of each field. */
export function labels() {
  const fields = [...document.querySelectorAll('select, input, textarea')]
  return fields.map((field) => [...field.labels].map(({ textContent }) => textContent).join())
}
