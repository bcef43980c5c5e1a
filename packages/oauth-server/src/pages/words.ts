export type Locale = 'en' | 'ko'

/** What the pages say. Functions put names into sentences: in Korean they stand elsewhere. */
export interface Words {
  readonly signIn: string
  readonly signInTo: (client: string) => string
  readonly username: string
  readonly password: string
  readonly cancel: string
  readonly wrong: string
  readonly busy: string
  readonly expired: string
  readonly limited: string
  readonly consent: (client: string) => string
  readonly consentFor: (client: string, host: string) => string
  readonly signedInAs: (account: string) => string
  readonly wants: string
  readonly at: (resource: string) => string
  readonly allow: string
  readonly deny: string
  readonly policy: string
  readonly terms: string
  readonly device: string
  readonly deviceSays: string
  readonly deviceCode: string
  readonly next: string
  readonly codeUnknown: string
  readonly codeExpired: string
  readonly codeMissing: string
  readonly deviceConfirm: (client: string) => string
  readonly deviceCompare: string
  readonly deviceFrom: (device: string) => string
  readonly deviceYes: string
  readonly deviceNo: string
  readonly deviceDone: string
  readonly deviceDoneSays: (client: string) => string
  readonly error: string
  readonly errorSays: Readonly<Record<string, string>>
  readonly errorOther: string
  readonly signOut: string
  readonly signOutSays: (client: string | undefined) => string
  readonly stay: string
  readonly signedOut: string
  readonly signedOutSays: string
  readonly account: string
  readonly sessions: string
  readonly noSessions: string
  readonly thisBrowser: string
  readonly aBrowser: string
  readonly since: (time: string) => string
  readonly lastUsed: (time: string) => string
  readonly end: string
  readonly endOf: (name: string) => string
  readonly everywhere: string
  readonly apps: string
  readonly noApps: string
  readonly disconnect: string
  readonly disconnectOf: (name: string) => string
  readonly scopes: Readonly<Record<string, string>>
}

const en: Words = {
  signIn: 'Sign in',
  signInTo: (client) => `to continue to ${client}`,
  username: 'User name',
  password: 'Password',
  cancel: 'Cancel',
  wrong: 'That user name and password do not belong together.',
  busy: 'Too many people are signing in at the moment. Please try again in a few seconds.',
  expired: 'This page was open for too long. Please try again.',
  limited: 'Too many attempts. Please wait a while and try again.',
  consent: (client) => `Allow ${client}?`,
  consentFor: (client, host) => `${client} is at ${host}.`,
  signedInAs: (account) => `You are signed in as ${account}.`,
  wants: 'It wants to:',
  at: (resource) => `at ${resource}`,
  allow: 'Allow',
  deny: 'Do not allow',
  policy: 'Privacy policy',
  terms: 'Terms of service',
  device: 'Connect a device',
  deviceSays: 'Enter the code that your device shows.',
  deviceCode: 'Code',
  next: 'Continue',
  codeUnknown: 'There is no such code. Please look again.',
  codeExpired: 'This code is too old. Ask your device for a new one.',
  codeMissing: 'Please enter the code.',
  deviceConfirm: (client) => `Connect ${client}?`,
  deviceCompare: 'Go on only if your own device shows this code:',
  deviceFrom: (device) => `The device says that it is: ${device}`,
  deviceYes: 'Yes, that is my device',
  deviceNo: 'No',
  deviceDone: 'Done',
  deviceDoneSays: (client) => `${client} is connected. You can close this page and go back to your device.`,
  error: 'This did not work',
  errorSays: {
    invalid_redirect_uri: 'The application named a place to return to that is not registered for it.',
    invalid_client: 'The application is not known here.',
    invalid_request: 'The application’s request was not well formed.',
    access_denied: 'Access was not allowed.',
    session_expired:
      'This sign-in was left open for too long, or it was finished in another window. Go back to the application and begin again.',
    forbidden: 'This request did not come from this page.',
    temporarily_unavailable:
      'Something that is needed does not answer at the moment. Please try again in a few seconds.',
    not_found: 'There is nothing here.',
    too_many_requests: 'Too many attempts. Please wait a while and try again.',
  },
  errorOther: 'Something went wrong. Go back to the application and begin again.',
  signOut: 'Sign out?',
  signOutSays: (client) =>
    client === undefined ? 'You will be signed out here.' : `${client} asks to sign you out here.`,
  stay: 'Stay signed in',
  signedOut: 'Signed out',
  signedOutSays: 'You can close this page.',
  account: 'Your sessions and connected apps',
  sessions: 'Where you are signed in',
  noSessions: 'Nowhere else.',
  thisBrowser: 'This browser',
  aBrowser: 'Another browser',
  since: (time) => `since ${time}`,
  lastUsed: (time) => `last used ${time}`,
  end: 'Sign out',
  endOf: (name) => `Sign out: ${name}`,
  everywhere: 'Sign out everywhere',
  apps: 'Apps that may act for you',
  noApps: 'None.',
  disconnect: 'Disconnect',
  disconnectOf: (name) => `Disconnect ${name}`,
  scopes: {
    openid: 'know who you are',
    profile: 'see your name',
    email: 'see your e-mail address',
    address: 'see your postal address',
    phone: 'see your telephone number',
    offline_access: 'stay connected when you are away',
  },
}

const ko: Words = {
  signIn: '로그인',
  signInTo: (client) => `${client} 서비스로 계속합니다`,
  username: '사용자 이름',
  password: '비밀번호',
  cancel: '취소',
  wrong: '사용자 이름 또는 비밀번호가 올바르지 않습니다.',
  busy: '지금 로그인하는 사람이 많습니다. 잠시 후 다시 시도해 주세요.',
  expired: '페이지가 너무 오래 열려 있었습니다. 다시 시도해 주세요.',
  limited: '시도 횟수가 너무 많습니다. 잠시 기다렸다가 다시 시도해 주세요.',
  consent: (client) => `${client} 앱을 허용할까요?`,
  consentFor: (client, host) => `${client} 앱의 주소: ${host}`,
  signedInAs: (account) => `${account} 계정으로 로그인되어 있습니다.`,
  wants: '이 앱이 요청하는 권한:',
  at: (resource) => `대상: ${resource}`,
  allow: '허용',
  deny: '허용 안 함',
  policy: '개인정보 처리방침',
  terms: '서비스 약관',
  device: '기기 연결',
  deviceSays: '기기에 표시된 코드를 입력하세요.',
  deviceCode: '코드',
  next: '계속',
  codeUnknown: '없는 코드입니다. 다시 확인해 주세요.',
  codeExpired: '코드가 만료되었습니다. 기기에서 새 코드를 받으세요.',
  codeMissing: '코드를 입력해 주세요.',
  deviceConfirm: (client) => `${client} 기기를 연결할까요?`,
  deviceCompare: '내 기기에 아래와 같은 코드가 표시될 때만 계속하세요.',
  deviceFrom: (device) => `기기가 알려 온 정보: ${device}`,
  deviceYes: '예, 제 기기입니다',
  deviceNo: '아니요',
  deviceDone: '완료',
  deviceDoneSays: (client) => `${client} 연결이 끝났습니다. 이 페이지를 닫고 기기로 돌아가세요.`,
  error: '처리하지 못했습니다',
  errorSays: {
    invalid_redirect_uri: '앱이 등록되지 않은 복귀 주소를 보냈습니다.',
    invalid_client: '등록되지 않은 앱입니다.',
    invalid_request: '앱의 요청 형식이 올바르지 않습니다.',
    access_denied: '접근이 허용되지 않았습니다.',
    session_expired: '로그인 시간이 지났거나 다른 창에서 이미 끝났습니다. 앱으로 돌아가 다시 시작해 주세요.',
    forbidden: '이 페이지에서 보낸 요청이 아닙니다.',
    temporarily_unavailable: '필요한 서비스가 지금 응답하지 않습니다. 잠시 후 다시 시도해 주세요.',
    not_found: '페이지가 없습니다.',
    too_many_requests: '시도가 너무 많습니다. 잠시 기다렸다가 다시 시도해 주세요.',
  },
  errorOther: '문제가 생겼습니다. 앱으로 돌아가 다시 시작해 주세요.',
  signOut: '로그아웃할까요?',
  signOutSays: (client) =>
    client === undefined ? '이곳에서 로그아웃됩니다.' : `${client} 앱이 로그아웃을 요청했습니다.`,
  stay: '로그인 유지',
  signedOut: '로그아웃되었습니다',
  signedOutSays: '이 페이지를 닫아도 됩니다.',
  account: '로그인 기기와 연결된 앱',
  sessions: '로그인되어 있는 곳',
  noSessions: '다른 곳에는 없습니다.',
  thisBrowser: '지금 이 브라우저',
  aBrowser: '다른 브라우저',
  since: (time) => `${time}부터`,
  lastUsed: (time) => `마지막 사용 ${time}`,
  end: '로그아웃',
  endOf: (name) => `로그아웃: ${name}`,
  everywhere: '모든 곳에서 로그아웃',
  apps: '나를 대신해 사용할 수 있는 앱',
  noApps: '없습니다.',
  disconnect: '연결 해제',
  disconnectOf: (name) => `${name} 연결 해제`,
  scopes: {
    openid: '내가 누구인지 확인',
    profile: '이름 보기',
    email: '이메일 주소 보기',
    address: '주소 보기',
    phone: '전화번호 보기',
    offline_access: '자리를 비운 동안에도 연결 유지',
  },
}

export const WORDS: Readonly<Record<Locale, Words>> = { en, ko }

/** A scope as people read it: as the service says it, else as the standard ones are known, else its name. */
export function scopeSays({ scopes }: Words, scope: string, says?: string): string {
  return says ?? (Object.hasOwn(scopes, scope) ? (scopes[scope] as string) : scope)
}

/** The language that the pages know for a tag (RFC 5646), in small letters. */
const localeFor = (tag: string): Locale | undefined =>
  /^ko(-|$)/.test(tag) ? 'ko' : /^en(-|$)/.test(tag) ? 'en' : undefined

/** The first language of `ui_locales` (OpenID Connect Core section 3.1.2.1) that the pages know. */
export function askedLocale(uiLocales: unknown): Locale | undefined {
  const tags = typeof uiLocales === 'string' ? uiLocales.slice(0, 500).toLowerCase().split(' ') : []
  return tags.map(localeFor).find((one) => one !== undefined)
}

/** The language of an `Accept-Language` header (RFC 9110 section 12.5.4) that the pages know: English where it names none. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  let best: Locale = 'en'
  let weight = 0
  for (const range of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((one) => one.startsWith('q='))
    const wanted = quality === undefined ? 1 : Number(quality.slice(2))
    const locale = tag === '*' ? 'en' : localeFor(tag)
    if (locale && wanted > weight) {
      best = locale
      weight = wanted
    }
  }
  return best
}
