// @ts-check
/*
 * Hamyar's chat widget, served as it is. What a page can set and call stands in the README.
 *
 * For strict Content-Security-Policies styles are constructed sheets, and all text goes through text nodes.
 */
(() => {
  'use strict';

  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || customElements.get('hamyar-chat')) return;
  const BASE = new URL('.', script.src);

  /**
   * @typedef {'fa' | 'en'} Language
   * @typedef {'contact' | 'bot' | 'agent' | 'system'} Author
   * @typedef {'with_bot' | 'waiting' | 'open' | 'resolved'} Status
   * @typedef {'idle' | 'connecting' | 'online' | 'offline' | 'refused'} Link
   * @typedef {{title: string, payload: string}} Choice
   * @typedef {{title: string, url: string, note?: string}} Article
   * @typedef {{token: string, visitor: string, conversation_id: string | null, firm: {name_fa: string, name_en: string},
   *   greeting: {text: string, buttons: Choice[]}, language: Language, form: Form | null}} Session
   * @typedef {{name: boolean, address: boolean, consent: string, privacy_url: string}} Form
   * @typedef {{id: string, hash: string, name?: string, email?: string}} User
   * @typedef {{name: string, size: number, is_picture: boolean, url: string | null}} SharedFile
   * @typedef {{type: string, [field: string]: any}} Frame
   * @typedef {{key: string, sequence: number | null, author: Author, agentName: string | null,
   *   text: string, buttons: Choice[], articles: Article[], kind: 'text' | 'rating_request', at: Date,
   *   file?: SharedFile | null, isUpload?: boolean,
   *   state: 'sent' | 'pending' | 'failed', problem: string}} Message
   * @typedef {{client_id: string, kind: 'message', text: string, payload?: string, at: number, problem?: string}} QueuedMessage
   * @typedef {{client_id: string, kind: 'rating', score: number, comment: string, sequence: number, at: number}} QueuedRating
   * @typedef {{client_id: string, kind: 'file', text: string, at: number, problem?: string}} QueuedFile
   * @typedef {{accent: string, position: 'start' | 'end', theme: string, language: Language,
   *   greeting: string}} Options
   */

  // ------------------------------------------------------------------------------------------------ words

  const WORDS = {
    en: {
      title: 'Chat with us',
      open: 'Open the chat',
      close: 'Close the chat',
      unread: (/** @type {string} */ count) => `${count} unread`,
      input: 'Write a message…',
      send: 'Send',
      log: 'Messages',
      contact: 'You',
      bot: 'Assistant',
      agent: 'Support',
      system: 'Notice',
      with_bot: 'Answers right away',
      waiting: 'A colleague will join soon',
      helping: (/** @type {string | null} */ name) => `You’re with ${name ?? 'a colleague'}`,
      resolved: 'Conversation ended',
      connecting: 'Connecting…',
      offline: 'Connection lost. Your messages will be sent as soon as it’s back.',
      refused: 'Chat is not available on this site.',
      greeting: 'Hello! How can we help?',
      pending: 'Sending',
      queued: 'Waiting for a connection',
      sent: 'Sent',
      seen: 'Seen',
      attach: 'Send a file',
      more: 'More',
      mute: 'Turn the sound off',
      unmute: 'Turn the sound on',
      transcript: 'Save the conversation',
      formTitle: 'Before we begin',
      name: 'Your name',
      address: 'Your e-mail or phone number',
      privacy: 'Privacy notice',
      begin: 'Start the chat',
      contact_detail_unfit: 'This is neither an e-mail address nor a phone number.',
      formFailed: 'This did not work. Please try again.',
      file_too_large: 'Larger than 20 MB',
      file_empty: 'The file is empty',
      file_kind_refused: 'Files of this kind cannot be sent',
      rate_limited: 'Too many for now',
      kilobytes: (/** @type {string} */ count) => `${count} KB`,
      failed: 'Not sent',
      message_too_long: 'Too long to send',
      message_empty: 'Nothing to send',
      edit: 'Edit',
      another: 'Choose another',
      typing: (/** @type {string} */ name) => `${name} is typing`,
      today: 'Today',
      yesterday: 'Yesterday',
      newTab: 'opens in a new tab',
      rate: 'Your rating',
      scores: ['Very bad', 'Bad', 'Okay', 'Good', 'Excellent'],
      comment: 'Anything to add? (optional)',
      submit: 'Send rating',
      rated: 'Thank you for your rating',
      newer: 'New messages',
      otherName: 'فا',
      other: 'گفت‌وگو به فارسی',
    },
    fa: {
      title: 'گفت‌وگو با ما',
      open: 'باز کردن گفت‌وگو',
      close: 'بستن گفت‌وگو',
      unread: (/** @type {string} */ count) => `${count} پیام خوانده‌نشده`,
      input: 'پیامتان را بنویسید…',
      send: 'فرستادن',
      log: 'پیام‌ها',
      contact: 'شما',
      bot: 'دستیار',
      agent: 'پشتیبانی',
      system: 'اعلان',
      with_bot: 'همین حالا پاسخ می‌دهد',
      waiting: 'همکارمان به‌زودی می‌آید',
      helping: (/** @type {string | null} */ name) => `گفت‌وگو با ${name ?? 'همکارمان'}`,
      resolved: 'گفت‌وگو به پایان رسید',
      connecting: 'در حال اتصال…',
      offline: 'اتصال برقرار نیست. پیام‌هایتان همین که وصل شوید فرستاده می‌شود.',
      refused: 'گفت‌وگو در این سایت در دسترس نیست.',
      greeting: 'سلام! چه کمکی از دستمان برمی‌آید؟',
      pending: 'در حال ارسال',
      queued: 'در انتظار اتصال',
      sent: 'فرستاده شد',
      seen: 'دیده شد',
      attach: 'فرستادن فایل',
      more: 'بیشتر',
      mute: 'خاموش کردن صدا',
      unmute: 'روشن کردن صدا',
      transcript: 'ذخیرهٔ گفت‌وگو',
      formTitle: 'پیش از شروع',
      name: 'نام شما',
      address: 'ایمیل یا شمارهٔ تلفن شما',
      privacy: 'حریم خصوصی',
      begin: 'شروع گفت‌وگو',
      contact_detail_unfit: 'این نه نشانی ایمیل است و نه شمارهٔ تلفن.',
      formFailed: 'انجام نشد. لطفاً دوباره تلاش کنید.',
      file_too_large: 'بزرگ‌تر از ۲۰ مگابایت است',
      file_empty: 'فایل خالی است',
      file_kind_refused: 'این نوع فایل را نمی‌شود فرستاد',
      rate_limited: 'فعلاً بیش از این نمی‌شود',
      kilobytes: (/** @type {string} */ count) => `${count} کیلوبایت`,
      failed: 'فرستاده نشد',
      message_too_long: 'برای فرستادن طولانی است',
      message_empty: 'چیزی برای فرستادن نیست',
      edit: 'ویرایش',
      another: 'انتخاب فایلی دیگر',
      typing: (/** @type {string} */ name) => `${name} در حال نوشتن است`,
      today: 'امروز',
      yesterday: 'دیروز',
      newTab: 'در برگهٔ تازه باز می‌شود',
      rate: 'امتیاز شما',
      scores: ['خیلی بد', 'بد', 'معمولی', 'خوب', 'عالی'],
      comment: 'اگر نکته‌ای هست بنویسید (اختیاری)',
      submit: 'ثبت امتیاز',
      rated: 'سپاس از امتیازی که دادید',
      newer: 'پیام‌های تازه',
      otherName: 'EN',
      other: 'Chat in English',
    },
  };

  /** @type {Record<Language, string>} */
  const LOCALES = { fa: 'fa-IR-u-ca-persian', en: 'en' };

  /** @param {string | null | undefined} tag  @returns {Language | null} */
  const languageOf = (tag) => (/^fa\b/i.test(tag ?? '') ? 'fa' : /^en\b/i.test(tag ?? '') ? 'en' : null);

  /**
   * Jalali in Persian.
   * @param {Date} day  @param {Language} language  @param {boolean} [full] as it is read in years to come
   */
  function dayLabel(day, language, full) {
    const midnight = (/** @type {Date} */ date) => new Date(date).setHours(0, 0, 0, 0);
    const daysAgo = full ? Infinity : Math.round((midnight(new Date()) - midnight(day)) / DAY_MS);
    if (daysAgo === 0) return WORDS[language].today;
    if (daysAgo === 1) return WORDS[language].yesterday;
    const format = formats(language)[daysAgo > 300 ? 'longDay' : 'day'];
    if (language === 'en') return format.format(day);
    // Browsers begin a Jalali date with its year, which people say last.
    const named = Object.fromEntries(format.formatToParts(day).map(({ type, value }) => [type, value]));
    return [named.weekday, named.day, named.month, named.year].filter(Boolean).join(' ');
  }

  /** @param {Date} at  @param {Language} language */
  const timeLabel = (at, language) => formats(language).time.format(at);

  /** @type {Partial<Record<Language, ReturnType<typeof makeFormats>>>} */
  const madeFormats = {};

  /** Made once, as that takes long.  @param {Language} language */
  const formats = (language) => (madeFormats[language] ??= makeFormats(language));

  /** @param {Language} language */
  function makeFormats(language) {
    const locale = LOCALES[language];
    /** @type {Intl.DateTimeFormatOptions} */
    const day = { weekday: 'long', day: 'numeric', month: 'long' };
    return {
      day: new Intl.DateTimeFormat(locale, day),
      longDay: new Intl.DateTimeFormat(locale, { ...day, year: 'numeric' }),
      time: new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' }),
      number: new Intl.NumberFormat(locale),
    };
  }

  // ------------------------------------------------------------------------------------------------- text

  const RTL_SCRIPT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;

  /**
   * The direction of most words, where `dir=auto` looks at one letter.
   *
   * Persian quotes Latin names far more often than English Persian ones: a Persian word weighs two Latin ones.
   * @param {string} text
   * @returns {'rtl' | 'ltr' | null}
   */
  function directionOf(text) {
    // What Unicode isolates is quoted: a colleague's Persian name in an English line.
    const prose = text.slice(0, 2000).replace(/[\u2066-\u2068][^\u2069]*\u2069|https?:\/\/\S+|\S+@\S+/g, '');
    const words = prose.match(/\p{L}[\p{L}\p{M}\u200c]*/gu);
    if (!words) return null;
    const rtl = words.filter((word) => RTL_SCRIPT.test(word)).length;
    const balance = 2 * rtl - (words.length - rtl);
    return balance > 0 || (balance === 0 && RTL_SCRIPT.test(words[0])) ? 'rtl' : 'ltr';
  }

  /** @param {string} address  @returns {string | null} an absolute http(s) address */
  function safeUrl(address) {
    try {
      const url = new URL(address, BASE);
      return /^https?:$/.test(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  }

  /** @param {string} address  @param {string} label */
  function link(address, label) {
    const href = safeUrl(address);
    return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, label) : label;
  }

  // No part can match across its own opening mark, so hostile input stays linear.
  const INLINE = /\*\*([^*\n]+)\*\*|\[([^[\]\n]+)\]\(([^\s()]+)\)|(https?:\/\/[^\s<>"'`]+)/g;

  /**
   * One line of light Markdown as nodes.
   * @param {string} line
   * @returns {(Node | string)[]}
   */
  function inline(line) {
    const out = [];
    let end = 0;
    for (const match of line.matchAll(INLINE)) {
      const [whole, bold, label, target, bare] = match;
      out.push(line.slice(end, match.index));
      end = match.index + whole.length;
      if (bold) out.push(el('strong', {}, ...inline(bold)));
      else if (label) out.push(link(target, label));
      else {
        const address = bare.replace(/[.,;:!?)\]،؛؟»]+$/, '');
        out.push(link(address, address), bare.slice(address.length));
      }
    }
    return [...out, line.slice(end)];
  }

  /**
   * A text as paragraphs and lists, links and bold words, and nothing else.
   * @param {string} text
   */
  function rich(text) {
    /** @type {HTMLElement[]} */
    const blocks = [];
    for (const line of text.split(/\r\n?|\n/)) {
      const item = /^\s*(?:[-*•]|([0-9۰-۹]{1,3})[.)])\s+(\S.*)$/.exec(line);
      const kind = item ? (item[1] ? 'ol' : 'ul') : 'p';
      let block = blocks.at(-1);
      if (!block || block.localName !== kind) blocks.push((block = el(kind)));
      if (item) block.append(el('li', {}, ...inline(item[2])));
      else if (!line.trim()) blocks.push(el('p'));
      else block.append(...(block.firstChild ? [el('br')] : []), ...inline(line));
    }
    return blocks.filter((block) => block.firstChild);
  }

  /** As written; in part where it is too long to send.  @param {string} text */
  const plain = (text) => [el('p', {}, text.length > LONGEST_TEXT ? `${text.slice(0, 1000)}…` : text)];

  // ---------------------------------------------------------------------------------------------- colours

  /** @typedef {[number, number, number]} Rgb */

  /** @type {Rgb} */
  const WHITE = [255, 255, 255];
  /** @type {Rgb} */
  const INK = [20, 27, 29];
  /** @type {Rgb} */
  const NIGHT = [22, 26, 29];

  /** @param {string} hex  @returns {Rgb | null} */
  function parseColour(hex) {
    const digits = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(hex)?.[1];
    if (!digits) return null;
    const full = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits;
    const value = parseInt(full, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }

  /** @param {Rgb} a  @param {Rgb} b  @param {number} share of b  @returns {Rgb} */
  const mix = (a, b, share) => /** @type {Rgb} */ (a.map((part, i) => Math.round(part + (b[i] - part) * share)));

  /** WCAG 2 relative luminance.  @param {Rgb} rgb */
  const luminance = (rgb) =>
    rgb
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);

  /** WCAG 2 contrast ratio.  @param {Rgb} a  @param {Rgb} b */
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }

  /**
   * The colour, or its nearest shade that is readable on a ground.
   * @param {Rgb} colour  @param {Rgb} ground  @param {Rgb} towards
   */
  function readable(colour, ground, towards) {
    for (let share = 0; share < 1; share += 0.05) {
      const shade = mix(colour, towards, share);
      if (contrast(shade, ground) >= 4.6) return shade;
    }
    return towards;
  }

  /**
   * Every colour from one accent; text reaches WCAG AA whatever that is.
   * @param {Rgb} accent  @param {boolean} dark
   */
  function palette(accent, dark) {
    const surface = dark ? NIGHT : WHITE;
    const text = dark ? /** @type {Rgb} */ ([233, 237, 238]) : INK;
    const bubble = mix(mix(surface, text, dark ? 0.09 : 0.045), accent, 0.035);
    return {
      accent,
      'accent-deep': mix(accent, INK, 0.14),
      'on-accent': contrast(WHITE, accent) >= 4.5 ? WHITE : INK,
      'accent-text': readable(accent, bubble, text),
      tint: mix(surface, accent, dark ? 0.2 : 0.09),
      'tint-line': mix(surface, accent, dark ? 0.45 : 0.3),
      surface,
      bubble,
      text,
      muted: readable(mix(surface, text, 0.5), bubble, text),
      line: mix(surface, text, dark ? 0.14 : 0.1),
      field: mix(surface, text, dark ? 0.45 : 0.42),
      waiting: dark ? /** @type {Rgb} */ ([245, 176, 66]) : /** @type {Rgb} */ ([201, 124, 8]),
      alert: dark ? /** @type {Rgb} */ ([255, 145, 132]) : /** @type {Rgb} */ ([178, 42, 32]),
    };
  }

  // -------------------------------------------------------------------------------------------------- DOM

  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Record<string, any>} [attributes] `on…` become listeners; false and null are left out
   * @param {...(Node | string | null)} children
   * @returns {HTMLElementTagNameMap[Tag]}
   */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, '');
      else if (value !== false && value !== null) node.setAttribute(name, String(value));
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  const ICONS = {
    chat: 'M5.5 16.5a8.8 7.7 0 1 1 3.6 2L4.6 20.5Z',
    down: 'm6 9 6 6 6-6',
    close: 'm6.5 6.5 11 11m0-11-11 11',
    send: 'M5 12 3.5 5 20.5 12 3.5 19 5 12Zm0 0h7.5',
    sent: 'm5 12.5 4.5 4.5L19 7.5',
    seen: 'm2.5 12.5 4 4L15 8m-3.5 7.5 1 1L21 8',
    clip: 'm19.5 11.5-7.6 7.6a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7l-8 8a1.7 1.7 0 0 1-2.4-2.4l7.3-7.3',
    more: 'M12 5.5v.1M12 12v.1M12 18.5v.1',
    pending: 'M12 7v5l3 2M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Z',
    article: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12h5M10 16h5',
    go: 'M8 16 16 8M9.5 8H16v6.5',
    next: 'm10 7 5 5-5 5',
  };
  const FACE = 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM9 9.5v.6M15 9.5v.6';
  const MOUTHS = ['M8 16.5q4-4.5 8 0', 'M8.5 16q3.5-2 7 0', 'M8.5 15.5h7', 'M8.5 15q3.5 2.2 7 0', 'M8 14q4 5.5 8 0'];

  /** @param {...string} paths */
  function icon(...paths) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    for (const d of paths) {
      const path = document.createElementNS(svg.namespaceURI, 'path');
      path.setAttribute('d', d);
      svg.append(path);
    }
    return svg;
  }

  // ------------------------------------------------------------------------------------------------ store

  /**
   * 128 random bits. `crypto.randomUUID` does not exist on http:// pages.
   * @returns {string}
   */
  const randomId = () =>
    Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36).padStart(7, '0')).join('');

  /**
   * What outlives the page, per inbox; without storage (blocked, or full) it lives in memory.
   *
   * Each waiting item has a key of its own, so that two tabs can never overwrite each other's.
   */
  class Store {
    /** @param {string} inbox  @param {'localStorage' | 'sessionStorage'} [place] */
    constructor(inbox, place = 'localStorage') {
      this.place = place;
      this.prefix = `hamyar:${inbox}:`;
      /** @type {Map<string, any>} */
      this.memory = new Map();
      this.clock = 0;
    }

    /** @param {string} name */
    get(name) {
      if (this.memory.has(name)) return this.memory.get(name);
      try {
        return JSON.parse(window[this.place].getItem(this.prefix + name) ?? 'null');
      } catch {
        return null;
      }
    }

    /** @param {string} name  @param {any} value */
    set(name, value) {
      try {
        window[this.place].setItem(this.prefix + name, JSON.stringify(value));
        this.memory.delete(name);
      } catch {
        this.memory.set(name, value);
      }
    }

    /** @param {string} name */
    remove(name) {
      this.memory.delete(name);
      try {
        window[this.place].removeItem(this.prefix + name);
      } catch {
        // Blocked: memory was all there is.
      }
    }

    /**
     * Keep an item until the server has it; later items get a later `at`.
     * @template {{kind: string}} Item
     * @param {Item} item
     */
    queue(item) {
      this.clock = Math.max(Date.now(), this.clock + 1);
      const queued = { ...item, client_id: randomId(), at: this.clock };
      this.set(`out:${queued.client_id}`, queued);
      return queued;
    }

    /** @param {string} clientId */
    unqueue(clientId) {
      this.remove(`out:${clientId}`);
      this.remove(`refused:${clientId}`);
    }

    /**
     * What waits, in the order in which it was written.
     * @returns {(QueuedMessage | QueuedRating | QueuedFile)[]}
     */
    queued(which = /^out:/) {
      const names = [...this.memory.keys()];
      try {
        for (const key of Object.keys(localStorage))
          if (key.startsWith(this.prefix)) names.push(key.slice(this.prefix.length));
      } catch {
        // Blocked: memory was all there is.
      }
      return [...new Set(names)]
        .filter((name) => which.test(name))
        .map((name) => this.get(name))
        .filter(Boolean)
        .sort((a, b) => a.at - b.at);
    }
  }

  /** The waiting files' content. It outlives the page where the browser lets it. */
  class FileStore {
    /** @param {string} name */
    constructor(name) {
      this.name = name;
      /** @type {Map<string, File>} */
      this.memory = new Map();
      /** @type {Map<string, () => void>} */
      this.locks = new Map();
    }

    /** @param {string} clientId  @param {File} file */
    keep(clientId, file) {
      this.memory.set(clientId, file);
      // By the lock other tabs see that this one still has it.
      const lock = new Promise((release) => this.locks.set(clientId, release));
      navigator.locks?.request(this.name + clientId, () => lock).catch(() => {});
      return this.use((files) => files.put({ client_id: clientId, file }));
    }

    /** @param {string} clientId */
    drop(clientId) {
      this.memory.delete(clientId);
      this.locks.get(clientId)?.();
      return this.use((files) => files.delete(clientId));
    }

    /** @param {string} clientId  @returns {Promise<File | undefined>} */
    async get(clientId) {
      return this.memory.get(clientId) ?? (await this.use((files) => files.get(clientId)))?.file;
    }

    /** Whether no tab can have the content any more.  @param {QueuedFile} item  @returns {Promise<boolean>} */
    async isLost({ client_id, at }) {
      try {
        return await navigator.locks.request(this.name + client_id, { ifAvailable: true }, Boolean);
      } catch {
        return Date.now() - at > DAY_MS;
      }
    }

    clear() {
      this.memory.clear();
      for (const release of this.locks.values()) release();
      return this.use((files) => files.clear());
    }

    /** @template T @param {(files: IDBObjectStore) => IDBRequest<T>} act  @returns {Promise<T | null>} null where nothing can be kept */
    async use(act) {
      try {
        const opening = indexedDB.open(this.name);
        opening.onupgradeneeded = () => opening.result.createObjectStore('files', { keyPath: 'client_id' });
        const database = await outcome(opening);
        try {
          return await outcome(act(database.transaction('files', 'readwrite').objectStore('files')));
        } finally {
          database.close();
        }
      } catch {
        return null;
      }
    }
  }

  /** @template T @param {IDBRequest<T>} request  @returns {Promise<T>} */
  const outcome = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = reject;
    });

  // ------------------------------------------------------------------------------------------- connection

  const HEARTBEAT_MS = 15_000;
  const PATIENCE_MS = 10_000;
  /** Between two tries, where somebody looks. */
  const LONGEST_WAIT_MS = 1200;
  const IDLE_WAIT_MS = 30_000;

  /**
   * Do something in one tab at a time, where the browser can lock and the page may.
   * @template T @param {string} name  @param {() => Promise<T>} act  @returns {Promise<T>}
   */
  async function alone(name, act) {
    let begun = false;
    try {
      return await navigator.locks.request(name, () => ((begun = true), act()));
    } catch (error) {
      if (begun) throw error;
      return act();
    }
  }

  /** The line to the server, which comes back after any break. */
  class Connection {
    /** @param {string} inbox  @param {Chat} chat what is told of all that comes */
    constructor(inbox, chat) {
      this.inbox = inbox;
      this.chat = chat;
      this.store = chat.store;
      /** @type {Link} */
      this.link = 'idle';
      /** @type {WebSocket | null} */
      this.socket = null;
      /** @type {string | null} the token this page speaks with */
      this.token = null;
      /** @type {User | null} whom the page says is there */
      this.user = null;
      this.attempt = 0;
      this.readyAt = 0;
      /** The server wants no session before. */
      this.sessionAt = 0;
      this.retryTimer = 0;
      this.deadline = 0;
      this.due = Infinity;
      /** Ends the upload when the line has broken. */
      this.cut = new AbortController();
      setInterval(() => this.beat(), HEARTBEAT_MS);
      // The old line may be dead.
      addEventListener('online', () => this.again());
      addEventListener('offline', () => this.link === 'online' && this.probe());
      addEventListener('pageshow', (event) => event.persisted && this.hurry());
      document.addEventListener('visibilitychange', () => document.hidden || this.hurry());
    }

    start() {
      if (this.link === 'idle') this.connect();
    }

    /** @param {Frame} frame  @returns {boolean} whether it went out */
    send(frame) {
      if (this.link !== 'online' || this.socket?.readyState !== WebSocket.OPEN) return false;
      this.socket.send(JSON.stringify(frame));
      return true;
    }

    /** Try now, or find out whether we are connected. */
    hurry() {
      if (this.link === 'offline') this.again();
      else if (this.link === 'online') this.probe();
    }

    /** Give up on a socket without a sign of life, which a large file may hold up. */
    probe(patience = PATIENCE_MS / 4) {
      if (!this.send({ type: 'ping' })) return this.broken();
      const due = Date.now() + (this.chat.uploading ? 6 * PATIENCE_MS : patience);
      // Later probes give a dead line no more time.
      if (due < this.due) this.expect(due);
    }

    /** Wait for a sign of life no longer than that.  @param {number} [due] never, where nothing is waited for */
    expect(due = Infinity) {
      clearTimeout(this.deadline);
      this.due = due;
      if (due < Infinity) this.deadline = setTimeout(() => this.broken(), due - Date.now());
    }

    /** Start again from the session. */
    restart() {
      this.token = null;
      this.again();
    }

    again() {
      this.attempt = 0;
      this.hangUp();
      if (this.link !== 'idle' && this.link !== 'refused') this.connect();
    }

    /** Whoever comes next is somebody new. */
    leave() {
      clearTimeout(this.retryTimer);
      this.hangUp();
      this.user = this.token = null;
      this.to('idle');
    }

    /**
     * As this visitor.
     * @param {string} path  @param {FormData | object} body
     */
    ask(path, body, signal = AbortSignal.timeout(PATIENCE_MS)) {
      const isForm = body instanceof FormData;
      return fetch(new URL(path, BASE), {
        method: 'POST',
        credentials: 'omit',
        headers: {
          ...(!isForm && { 'content-type': 'application/json' }),
          ...(this.token && { authorization: `Bearer ${this.token}` }),
        },
        body: isForm ? body : JSON.stringify(body),
        signal,
      });
    }

    async connect() {
      clearTimeout(this.retryTimer);
      this.to('connecting');
      try {
        if (!this.token) await this.openSession();
        else if (this.attempt > 4) await this.knock();
      } catch {
        return this.broken();
      }
      if (this.link !== 'connecting' || this.socket) return;
      if (this.token) this.openSocket();
      else this.connect();
    }

    /** Chrome holds back who tries many sockets in vain. */
    async knock() {
      const signal = AbortSignal.timeout(PATIENCE_MS / 4);
      const { status } = await fetch(new URL('widget.js', BASE), { method: 'HEAD', cache: 'no-store', signal });
      if (status >= 500) throw new Error(`knock: ${status}`);
    }

    /** One tab at a time, so that new tabs share the first one's conversation. */
    async openSession() {
      if (Date.now() < this.sessionAt) throw new Error('session: too early');
      const ask = async () => {
        const token = this.store.get('token');
        const { inbox, user } = this;
        const { language } = this.chat;
        const response = await this.ask('widget/session', { inbox, language, token, user });
        const { status } = response;
        if ([401, 422].includes(status) && user) return this.doubt(user, ask);
        if (status === 429) this.sessionAt = Date.now() + 1000 * Number(response.headers.get('retry-after'));
        if (status === 403 && (await codeOf(response)) === 'widget_not_allowed') return this.refuse();
        if (!response.ok) throw new Error(`session: ${status}`);
        const session = /** @type {Session} */ (await response.json());
        // The page has changed either meanwhile.
        if (user !== this.user || language !== this.chat.language || this.link === 'idle') return;
        this.token = session.token;
        this.store.set('token', session.token);
        this.chat.meet(session);
      };
      await alone(`${this.store.prefix}session`, ask);
    }

    /** The visitor can write all the same.  @param {User} user  @param {() => Promise<any>} ask */
    doubt(user, ask) {
      console.error('Hamyar: identity_wrong. The hash does not fit the user and this inbox, or the id is unfit.');
      if (this.user === user) this.user = null;
      // As nobody, not as who was here before.
      if (isUser(this.store.get('visitor'))) this.store.remove('token');
      this.chat.emit('refused', { code: 'identity_wrong' });
      return ask();
    }

    openSocket() {
      const url = new URL('widget/ws', BASE);
      url.protocol = url.protocol.replace('http', 'ws');
      const socket = new WebSocket(url);
      this.socket = socket;
      this.cut = new AbortController();
      this.expect(Date.now() + PATIENCE_MS);
      socket.onopen = () =>
        socket.send(JSON.stringify({ type: 'hello', token: this.token, after: this.chat.last }));
      socket.onmessage = ({ data }) => this.receive(data);
      socket.onclose = ({ code }) => {
        if (code === 4403) return this.refuse();
        if (code === 4401) this.forgetToken();
        this.broken();
      };
    }

    /** Another tab may have replaced it already. */
    forgetToken() {
      if (this.store.get('token') === this.token) this.store.remove('token');
      this.token = null;
    }

    /** @param {string} data */
    receive(data) {
      this.expect();
      const frame = parseFrame(data);
      if (!frame) return;
      if (frame.type === 'ping') this.send({ type: 'pong' });
      if (frame.type === 'ready') {
        this.readyAt = Date.now();
        this.to('online');
      }
      this.chat.receive(frame);
    }

    beat() {
      if (this.link !== 'online') return;
      this.probe(PATIENCE_MS);
      this.chat.flush();
    }

    /** Try again, at a random moment so that a crowd spreads out. */
    broken() {
      this.hangUp();
      if (this.link === 'refused') return;
      if (this.readyAt && Date.now() - this.readyAt > PATIENCE_MS) this.attempt = 0;
      this.readyAt = 0;
      const idle = document.hidden || !navigator.onLine || Date.now() < this.sessionAt;
      const wait = Math.min(idle ? IDLE_WAIT_MS : LONGEST_WAIT_MS, 500 * 2 ** this.attempt++) * (0.5 + Math.random() / 2);
      clearTimeout(this.retryTimer);
      this.retryTimer = setTimeout(() => this.connect(), wait);
      this.to('offline');
    }

    refuse() {
      this.hangUp();
      console.error('Hamyar: refused on this site; check data-inbox and the allowed origins.');
      this.to('refused');
    }

    hangUp() {
      this.expect();
      this.cut.abort();
      const socket = this.socket;
      this.socket = null;
      if (!socket) return;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }

    /** @param {Link} link */
    to(link) {
      if (this.link === link) return;
      this.link = link;
      this.chat.emit('changed');
    }
  }

  /** Why the server refuses; a proxy does so in words of its own.  @param {Response} response */
  const codeOf = async (response) => (await response.json().catch(() => null))?.error?.code ?? 'failed';

  /** @param {string} data  @returns {Frame | null} */
  function parseFrame(data) {
    try {
      const frame = JSON.parse(data);
      return typeof frame?.type === 'string' ? frame : null;
    } catch {
      return null;
    }
  }

  // ------------------------------------------------------------------------------------------------- chat

  const RESEND_AFTER_MS = 20_000;
  const TYPING_LASTS_MS = 12_000;
  /** The server refuses far shorter ones, but in a frame that gets through. */
  const LONGEST_TEXT = 20_000;
  const DAY_MS = 86_400_000;
  const UNSENT = /^(out|refused):/;
  const isUser = (/** @type {any} */ visitor) => /^user:/.test(visitor);
  const LARGEST_FILE = 20 * 1024 * 1024;

  /** The conversation as this page knows it. */
  class Chat {
    /** @param {string} inbox  @param {Language} language  @param {(event: string, detail?: any) => void} emit */
    constructor(inbox, language, emit) {
      this.language = language;
      this.emit = emit;
      this.store = new Store(inbox);
      this.files = new FileStore(this.store.prefix);
      this.uploading = false;
      this.filesAt = 0;
      /** @type {Map<string, number>} when what is on its way was sent */
      this.sent = new Map();
      /** After a limit each text waits for the receipt of the one before. */
      this.limited = false;
      this.pauseTimer = 0;
      /** @type {Map<string, Message>} */
      this.messages = new Map();
      /** @type {Session | null} */
      this.session = null;
      /** @type {Status} */
      this.status = 'with_bot';
      /** @type {string | null} */
      this.agent = null;
      /** @type {'bot' | 'agent' | null} */
      this.typing = null;
      this.typingTimer = 0;
      this.gotTimer = 0;
      this.looking = false;
      /** The newest message received; "accepted" does not move it: older ones may come. */
      this.last = 0;
      /** The newest when we connected: up to there it is history. */
      this.historyEnd = 0;
      this.connection = new Connection(inbox, this);
      /** Up to where a person of the firm has read. */
      this.read = 0;
      this.typist = '';
      const { prefix } = this.store;
      addEventListener('storage', ({ key }) => key?.startsWith(prefix) && this.hearOtherTab(key.slice(prefix.length)));
      this.showQueue();
      if (this.store.get('token') || this.store.queued().length) this.connection.start();
    }

    showQueue() {
      this.messages.clear();
      for (const item of this.store.queued(UNSENT)) if (item.kind !== 'rating') this.showPending(item);
    }

    /** @returns {Message[]} in the server's order, what it does not know yet at the end */
    list() {
      return [...this.messages.values()].sort(
        (a, b) => (a.sequence ?? Infinity) - (b.sequence ?? Infinity) || a.at.getTime() - b.at.getTime(),
      );
    }

    get unread() {
      const seen = this.store.get('seen') ?? 0;
      return this.list().filter(({ author, sequence }) => /bot|agent/.test(author) && Number(sequence) > seen).length;
    }

    /** @param {string} text  @param {string} [payload] */
    post(text, payload) {
      const item = this.store.queue({ kind: /** @type {const} */ ('message'), text, payload });
      this.put(item, text.length > LONGEST_TEXT ? 'message_too_long' : '');
    }

    /** @param {File} file */
    share(file) {
      const item = this.store.queue({ kind: /** @type {const} */ ('file'), text: file.name });
      const problem = file.size > LARGEST_FILE ? 'file_too_large' : '';
      if (!problem) this.files.keep(item.client_id, file);
      this.put(item, problem);
    }

    /** @param {QueuedMessage | QueuedFile} item  @param {string} problem a code */
    put(item, problem) {
      this.showPending(item);
      if (problem) this.settle(item.client_id, problem);
      this.connection.start();
      this.flush();
      this.emit('changed');
    }

    /** @param {User} user */
    identify(user) {
      this.connection.user = user;
      this.connection.start();
      this.connection.restart();
    }

    /** Then this browser knows nothing of the visitor. */
    shutdown() {
      this.dropQueue();
      for (const name of ['token', 'visitor', 'seen', 'rated']) this.store.remove(name);
      this.forget();
      this.store.set('left', Date.now());
    }

    dropQueue() {
      for (const item of this.store.queued(UNSENT)) this.store.unqueue(item.client_id);
      this.files.clear();
    }

    forget() {
      this.connection.leave();
      this.messages.clear();
      this.session = null;
      this.last = this.historyEnd = this.read = 0;
      this.setTyping(null);
      this.emit('changed');
    }

    /** One at a time.  @param {string} id */
    async upload(id) {
      if (this.uploading || this.connection.link !== 'online') return;
      this.uploading = true;
      let problem = null;
      try {
        problem = await alone(`${this.store.prefix}file`, () => this.carry(id));
      } finally {
        this.uploading = false;
      }
      if (problem !== null) this.settle(id, problem);
      this.flush();
      this.emit('changed');
    }

    /** @param {string} id  @returns {Promise<string | null>} a problem's code, null where it may go out later */
    async carry(id) {
      // Another tab may have sent it while this one waited.
      const item = this.store.get(`out:${id}`);
      if (!item) return '';
      const file = await this.files.get(id);
      if (!file) {
        if (await this.files.isLost(item)) return 'failed';
        // It is the other tab's to send.
        this.sent.set(id, Date.now());
        return null;
      }
      const form = new FormData();
      form.append('client_id', id);
      form.append('file', file);
      let wait = HEARTBEAT_MS;
      try {
        const response = await this.connection.ask('widget/files', form, this.connection.cut.signal);
        if (response.ok) return '';
        const { status } = response;
        const code = await codeOf(response);
        if (code === 'introduction_needed') this.connection.restart();
        else if (status === 429) {
          wait = 1000 * Number(response.headers.get('retry-after')) || wait;
          Object.assign(this.messages.get(id) ?? {}, { problem: code });
        } else if (status < 500 && status !== 401) return code;
      } catch {
        // The line broke.
      }
      this.filesAt = Date.now() + wait;
      return null;
    }

    /** @param {{name: string, address: string, consent: string}} answer  @returns {Promise<string>} a problem's code */
    async introduce(answer) {
      try {
        const response = await this.connection.ask('widget/introduction', answer);
        if (!response.ok) {
          const code = await codeOf(response);
          if (code === 'introduction_incomplete') this.connection.restart();
          return code;
        }
      } catch {
        return 'failed';
      }
      if (this.session) this.session.form = null;
      this.flush();
      this.emit('changed');
      return '';
    }

    transcript() {
      const words = WORDS[this.language];
      const lines = this.list().map(({ author, agentName, at, text, file, articles, buttons, state }) => {
        const links = articles.map(({ title, url }) => `${title}: ${safeUrl(url)}`);
        const choices = buttons.map(({ title }) => `[${title}]`);
        const body = [text, file?.name, ...links, ...choices].filter(Boolean).join('\n');
        const day = dayLabel(at, this.language, true);
        const sent = state === 'sent' ? '' : ` (${words[state]})`;
        return `${day} ${timeLabel(at, this.language)} · ${agentName ?? words[author]}${sent}\n${body}\n`;
      });
      return lines.join('\n');
    }

    /** @param {number} score  @param {string} comment */
    rate(score, comment) {
      this.store.queue({ kind: 'rating', score, comment, sequence: this.request });
      this.flush();
      this.emit('changed');
    }

    /** The newest rating request's number. */
    get request() {
      return this.list().findLast(({ kind }) => kind === 'rating_request')?.sequence;
    }

    /** @returns {number} that request's, 0 while there is none */
    get score() {
      const { request } = this;
      const given = [this.store.get('rated'), ...this.store.queued()];
      return given.findLast((item) => item?.score && item.sequence === request)?.score ?? 0;
    }

    see() {
      if ((this.store.get('seen') ?? 0) >= this.last) return;
      this.store.set('seen', this.last);
      this.connection.send({ type: 'seen', sequence: this.last });
      this.emit('changed');
    }

    /** @param {boolean} on */
    sendTyping(on) {
      this.connection.send({ type: 'typing', on });
    }

    /** @param {Language} language */
    speak(language) {
      this.language = language;
      this.store.set('language', language);
      if (this.session) this.connection.restart();
    }

    /** @param {Message} message a refused one */
    withdraw(message) {
      this.messages.delete(message.key);
      this.store.unqueue(message.key);
      this.emit('changed');
    }

    /** @param {Session} session perhaps of another visitor, after signing in */
    meet(session) {
      const former = this.store.get('visitor');
      const { visitor, conversation_id } = this.session ?? { visitor: former, conversation_id: null };
      const isOther = visitor && visitor !== session.visitor;
      if (isUser(former) && former !== session.visitor) this.dropQueue();
      // Another tab may have dropped it.
      if (!this.session) this.showQueue();
      if (isOther || (conversation_id && conversation_id !== session.conversation_id)) this.startOver();
      this.session = session;
      this.store.set('visitor', session.visitor);
      this.emit('changed');
    }

    startOver() {
      this.showQueue();
      this.last = 0;
      this.store.remove('seen');
      this.store.remove('rated');
    }

    /** @param {string} name what another tab has stored */
    hearOtherTab(name) {
      if (name === 'left') return this.forget();
      const { user } = this.connection;
      const visitor = name === 'visitor' && this.session && this.store.get(name);
      // Two users would take turns for ever.
      if (visitor && user && visitor !== `user:${user.id}`) return this.forget();
      if (visitor && visitor !== this.session?.visitor) this.connection.restart();
      this.emit('changed');
    }

    /**
     * Send what waits, in order; twice does no harm.
     *
     * Texts follow each other at once. A file goes when the server has all before it, and holds what is behind it
     * unless it was just refused for now.
     */
    flush() {
      if (this.pauseTimer || this.session?.form) return;
      let isFirst = true;
      for (const item of this.store.queued()) {
        const { client_id: id, kind } = item;
        const isSent = Date.now() - (this.sent.get(id) ?? 0) <= RESEND_AFTER_MS;
        if (kind === 'file') {
          if (isSent || Date.now() < this.filesAt) continue;
          if (isFirst) this.upload(id);
          return;
        }
        if (!isSent) {
          if (!this.connection.send({ ...item, type: kind })) return;
          this.sent.set(id, Date.now());
        }
        if (kind === 'rating') continue;
        if (this.limited) return;
        isFirst = false;
      }
      if (isFirst) this.limited = false;
    }

    /** @param {QueuedMessage | QueuedFile} item */
    showPending(item) {
      this.messages.set(item.client_id, {
        key: item.client_id,
        sequence: null,
        author: 'contact',
        agentName: null,
        text: item.text,
        buttons: [],
        articles: [],
        kind: 'text',
        at: new Date(item.at),
        isUpload: item.kind === 'file',
        state: item.problem ? 'failed' : 'pending',
        problem: item.problem ?? '',
      });
    }

    /** @param {Frame} frame */
    receive(frame) {
      switch (frame.type) {
        case 'ready': {
          const seen = this.store.get('seen') ?? 0;
          // The server knows less than we do: another database.
          if (frame.sequence < Math.max(this.last, seen)) {
            this.startOver();
            return this.connection.restart();
          }
          // What came during a break is news.
          this.historyEnd = this.last || (frame.sequence ?? 0);
          this.typing = null;
          this.setStatus(frame);
          // On another device more may have been read.
          this.store.set('seen', Math.max(seen, Math.min(frame.seen, frame.sequence) || 0));
          // Marks were lost with the line.
          if (seen > frame.seen) this.connection.send({ type: 'seen', sequence: seen });
          if (this.last > frame.got) this.tellGot();
          this.sent.clear();
          this.filesAt = 0;
          this.flush();
          this.emit('ready');
          break;
        }
        case 'message':
          this.receiveMessage(frame);
          break;
        case 'accepted':
          this.accept(frame);
          break;
        case 'rejected':
          this.reject(frame);
          break;
        case 'typing':
          this.setTyping(frame.on ? frame.author : null);
          this.typist = String(frame.name ?? '');
          break;
        case 'status':
          this.setStatus(frame);
          break;
        case 'rated':
          this.dropRatings();
          this.store.set('rated', frame);
          this.emit('rated', { score: frame.score });
          break;
        default:
          return;
      }
      this.emit('changed');
    }

    /** @param {Frame} frame */
    receiveMessage(frame) {
      const key = frame.client_id || `#${frame.sequence}`;
      const known = this.messages.get(key);
      // Another tab may have sent it, or the answer been lost.
      if (frame.client_id) this.settle(key);
      const at = new Date(frame.created_at);
      this.messages.set(key, {
        key,
        sequence: frame.sequence,
        author: frame.author,
        agentName: frame.agent_name ?? null,
        text: String(frame.text ?? ''),
        buttons: frame.buttons ?? [],
        articles: frame.articles ?? [],
        file: frame.file ?? null,
        kind: frame.kind ?? 'text',
        at: isNaN(at.getTime()) ? new Date() : at,
        state: 'sent',
        problem: '',
      });
      this.last = Math.max(this.last, frame.sequence);
      if (frame.author !== 'contact') this.setTyping(null);
      // Looked at, it is told as seen.
      if (document.hidden || !this.looking) this.tellGot();
      if (!known && frame.sequence > this.historyEnd) this.emit('message', this.messages.get(key));
    }

    /** Tell once for many messages that they have come. */
    tellGot() {
      clearTimeout(this.gotTimer);
      this.gotTimer = setTimeout(() => this.connection.send({ type: 'got', sequence: this.last }), 300);
    }

    /** @param {Frame} frame */
    accept(frame) {
      this.settle(frame.client_id);
      const message = this.messages.get(frame.client_id);
      if (message) Object.assign(message, { sequence: frame.sequence, at: new Date(frame.created_at), state: 'sent' });
    }

    /** @param {Frame} frame */
    reject({ client_id: id, code, retry_after }) {
      // It waits until the form is filled in.
      if (code === 'introduction_needed') return this.connection.restart();
      if (code === 'rate_limited') {
        this.sent.delete(id);
        this.limited = true;
        const resume = () => {
          this.pauseTimer = 0;
          this.flush();
        };
        this.pauseTimer ||= setTimeout(resume, 1000 * (Number(retry_after) || 5));
      } else if (id) this.settle(id, code);
      else this.dropRatings();
    }

    /** The server has it, or never will.  @param {string} id  @param {string} [problem] a code */
    settle(id, problem) {
      const message = this.messages.get(id);
      const isAwaited = message?.state === 'pending';
      const item = this.store.get(`out:${id}`);
      this.store.unqueue(id);
      if (message && problem) {
        Object.assign(message, { state: 'failed', problem });
        // On the next page it can still be edited.
        if (item) this.store.set(`refused:${id}`, { ...item, problem });
      }
      this.sent.delete(id);
      if (message?.isUpload) this.files.drop(id);
      if (isAwaited) this.flush();
    }

    dropRatings() {
      for (const item of this.store.queued()) if (item.kind === 'rating') this.store.unqueue(item.client_id);
    }

    /** @param {'bot' | 'agent' | null} author */
    setTyping(author) {
      clearTimeout(this.typingTimer);
      this.typing = author;
      // The sign that it stopped may be lost with a connection.
      if (author) this.typingTimer = setTimeout(() => this.receive({ type: 'typing', on: false }), TYPING_LASTS_MS);
    }

    /** @param {Frame} frame */
    setStatus({ status, agent, read }) {
      this.read = Number(read) || 0;
      this.status = status;
      this.agent = agent ?? null;
      this.emit('status', { status, agent: this.agent });
    }
  }

  // ------------------------------------------------------------------------------------------------ style

  // Two, so that an English page fetches no Latin letters; no page of others has these names.
  const FONT = 'Hamyar Vazirmatn';
  const LATIN_FONT = 'Hamyar Vazirmatn Latin';
  const SYSTEM_FONTS = 'system-ui, sans-serif';

  const STYLE = `
/* The page's rules reach in by inheritance: the host has no box, and nothing is inherited below. */
:host { display: contents !important; }
.root {
  all: initial;
  font: 400 15px/1.6 '${FONT}', ${SYSTEM_FONTS};
  color: var(--h-text);
  -webkit-text-size-adjust: 100%;
  -webkit-tap-highlight-color: transparent;
}
.root:lang(fa) { font-family: '${FONT}', '${LATIN_FONT}', ${SYSTEM_FONTS}; line-height: 1.75; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea, input { font: inherit; color: inherit; letter-spacing: inherit; margin: 0; }
button { border: 0; padding: 0; background: none; cursor: pointer; }
p, ul, ol { margin: 0; padding: 0; list-style: none; }
svg { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 2px solid var(--h-accent-text); outline-offset: 2px; }
[dir=rtl] :is(.send, .choice, .article) svg:last-child, .choice[dir=rtl] svg { transform: scaleX(-1); }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher, .panel { position: fixed; z-index: 2147483000; inset-inline-end: 24px; }
[data-position=start] .launcher, [data-position=start] .panel { inset-inline: 24px auto; }

.launcher {
  inset-block-end: 24px; width: 58px; height: 58px; display: grid; place-items: center; border-radius: 50%;
  background: linear-gradient(160deg, var(--h-accent), var(--h-accent-deep)); color: var(--h-on-accent);
  box-shadow: 0 6px 20px rgb(0 0 0 / .2), 0 2px 6px rgb(0 0 0 / .12); transition: transform .18s ease, box-shadow .18s ease;
}
.launcher:hover { transform: translateY(-2px); box-shadow: 0 10px 26px rgb(0 0 0 / .22), 0 3px 8px rgb(0 0 0 / .12); }
.launcher:active { transform: scale(.96); }
.launcher:focus-visible { outline-offset: 3px; }
.shape { display: grid; }
.launcher svg { width: 27px; height: 27px; }
.badge {
  position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; height: 22px; padding-inline: 6px;
  border-radius: 11px; background: #c62828; color: #fff; font-size: 12.5px; font-weight: 650; line-height: 22px; text-align: center;
  box-shadow: 0 0 0 2px var(--h-surface);
}

.panel {
  inset-block-end: 96px; width: 384px; max-width: calc(100vw - 48px); height: min(640px, 100vh - 120px); height: min(640px, 100dvh - 120px);
  display: flex; flex-direction: column; overflow: hidden; border-radius: 16px; background: var(--h-surface);
  box-shadow: 0 0 0 1px var(--h-line), 0 24px 64px -12px rgb(0 0 0 / .28), 0 8px 20px -8px rgb(0 0 0 / .14);
  transform-origin: 100% 100%; animation: rise .22s cubic-bezier(.2, .8, .25, 1);
}
.panel:focus { outline: none; }

header {
  display: flex; align-items: center; gap: 12px; padding: 14px 16px; flex: none;
  background: linear-gradient(var(--h-tint), var(--h-surface)); border-block-end: 1px solid var(--h-line);
}
.mark {
  width: 40px; height: 40px; flex: none; display: grid; place-items: center; border-radius: 13px; font-size: 18px; font-weight: 700; line-height: 1;
  background: linear-gradient(160deg, var(--h-accent), var(--h-accent-deep)); color: var(--h-on-accent);
}
.titles { flex: 1; min-width: 0; }
.firm { font-size: 15.5px; font-weight: 700; line-height: 1.45; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.status { display: flex; align-items: center; gap: 7px; font-size: 12.5px; line-height: 1.5; color: var(--h-muted); }
.status::before { content: ''; width: 8px; height: 8px; flex: none; border-radius: 50%; background: var(--h-dot, var(--h-field)); }
.status[data-state=with_bot], .status[data-state=open] { --h-dot: #1f9d63; }
.status[data-state=waiting] { --h-dot: var(--h-waiting); }
.status span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.quiet { min-width: 36px; height: 36px; display: grid; place-items: center; border-radius: 10px; color: var(--h-muted); font-size: 13px; font-weight: 650; transition: background .15s, color .15s; }
.quiet:hover { background: var(--h-tint); color: var(--h-text); }
.titles ~ * + * { margin-inline-start: -10px; }

.log { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 18px 16px 10px; scrollbar-width: thin; scrollbar-color: var(--h-line) transparent; }
.log:focus-visible { outline-offset: -3px; }

.day { display: flex; align-items: center; gap: 12px; margin: 18px 0 14px; font-size: 12px; color: var(--h-muted); }
.day::before, .day::after { content: ''; flex: 1; height: 1px; background: var(--h-line); }
.welcome:empty + .messages > .day:first-child { margin-block-start: 0; }

.message { display: flex; flex-direction: column; align-items: flex-start; margin-block-start: 3px; }
.message.first { margin-block-start: 14px; }
.message.mine { align-items: flex-end; }
.name { font-size: 12px; font-weight: 600; color: var(--h-muted); margin: 0 4px 3px; }
.bubble {
  max-width: 86%; padding: 9px 14px; border-radius: 16px; background: var(--h-bubble); text-align: start;
  overflow-wrap: anywhere; unicode-bidi: isolate;
}
.mine .bubble { background: var(--h-accent); color: var(--h-on-accent); white-space: pre-wrap; }
/* Corners follow a bubble's side, not the direction of its text. */
[dir=rtl] .theirs .bubble { border-radius: 16px 6px 16px 16px; }
[dir=ltr] .theirs .bubble { border-radius: 6px 16px 16px 16px; }
[dir=rtl] .mine .bubble { border-radius: 16px 16px 16px 6px; }
[dir=ltr] .mine .bubble { border-radius: 16px 16px 6px 16px; }
.bubble > * + * { margin-block-start: 8px; }
.bubble ul, .bubble ol { padding-inline-start: 20px; }
.bubble ul { list-style: disc; }
.bubble ol { list-style: decimal; }
.bubble ol:lang(fa) { list-style: persian; }
.bubble li + li { margin-block-start: 3px; }
.bubble li::marker { color: var(--h-muted); }
.bubble strong { font-weight: 700; }
.bubble a { color: var(--h-accent-text); text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 1px; }
.mine.failed .bubble { background: var(--h-surface); color: var(--h-text); box-shadow: inset 0 0 0 1.5px var(--h-alert); }
.note { align-items: center; margin-block-start: 14px; }
.note .bubble { max-width: 92%; padding: 4px 12px; border-radius: 12px !important; background: none; color: var(--h-muted); font-size: 13px; text-align: center; }
.meta { display: flex; align-items: center; gap: 5px; margin: 3px 4px 0; font-size: 11.5px; line-height: 1.5; color: var(--h-muted); }
.meta svg { width: 14px; height: 14px; }
.meta button { color: var(--h-accent-text); font-weight: 650; text-decoration: underline; text-underline-offset: 3px; padding: 4px; margin: -4px 0; }
.failed .meta { color: var(--h-alert); }
.fresh { animation: arrive .2s ease-out; }

.articles { width: 86%; display: grid; gap: 6px; margin-block-start: 6px; }
.article {
  display: flex; align-items: center; gap: 10px; padding: 10px 12px; border-radius: 12px; text-decoration: none; color: var(--h-text);
  border: 1px solid var(--h-line); font-size: 14px; font-weight: 600; line-height: 1.5; transition: border-color .15s, background .15s;
}
.article small { display: block; color: var(--h-muted); }
.article svg { color: var(--h-accent-text); }
.article span { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.article svg:last-child { width: 16px; height: 16px; color: var(--h-muted); }
.article:hover { border-color: var(--h-tint-line); background: var(--h-tint); }

.choices { display: flex; flex-wrap: wrap; gap: 7px; margin-block-start: 9px; }
.choice {
  max-width: 100%; min-height: 38px; padding: 6px 14px; border-radius: 19px; border: 1px solid var(--h-tint-line); background: var(--h-surface);
  color: var(--h-accent-text); font-size: 14px; font-weight: 600; line-height: 1.5; text-align: start; transition: background .15s, border-color .15s;
}
.choice:hover { background: var(--h-tint); border-color: var(--h-accent-text); }
.choice:active { transform: scale(.98); }

.welcome.empty { display: flex; flex-direction: column; min-height: 100%; padding-block: 18px 6px; }
.welcome.empty .bubble { max-width: none; padding: 0 4px; background: none; font-size: 19px; font-weight: 650; line-height: 1.6; }
.welcome.empty .choices { flex-direction: column; gap: 8px; margin-block-start: auto; padding-block-start: 24px; }
.welcome.empty .choice { display: flex; align-items: center; justify-content: space-between; gap: 10px; min-height: 46px; padding: 9px 14px; border-radius: 13px; border-color: var(--h-line); color: var(--h-text); font-size: 14.5px; }
.welcome.empty .choice:hover { border-color: var(--h-tint-line); }
.welcome.empty .choice svg { width: 18px; height: 18px; color: var(--h-accent-text); }
.hero { width: 54px; height: 54px; margin: 8px 4px 16px; display: grid; place-items: center; border-radius: 18px; background: var(--h-tint); color: var(--h-accent-text); }
.hero svg { width: 28px; height: 28px; }

.dots { display: inline-flex; gap: 5px; margin-block-start: 10px; padding: 14px 15px; border-radius: 16px; background: var(--h-bubble); }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--h-muted); animation: breathe 1.3s infinite ease-in-out; }
.dots i:nth-child(2) { animation-delay: .16s; }
.dots i:nth-child(3) { animation-delay: .32s; }

.rating { width: 86%; margin: 8px 0 0; padding: 12px; border: 1px solid var(--h-line); border-radius: 14px; }
.rating fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.faces { display: flex; justify-content: space-between; }
.face { position: relative; display: grid; place-items: center; width: 46px; height: 46px; border-radius: 50%; color: var(--h-muted); cursor: pointer; transition: background .15s, color .15s, transform .15s; }
.face input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.face svg { width: 30px; height: 30px; stroke-width: 1.5; }
.face:hover { color: var(--h-accent-text); background: var(--h-tint); }
.face:has(:checked) { color: var(--h-on-accent); background: var(--h-accent); transform: scale(1.06); }
.face:has(:focus-visible) { outline: 2px solid var(--h-accent-text); outline-offset: 2px; }
.chosen { min-height: 1.6em; margin-block: 4px; text-align: center; font-size: 13px; color: var(--h-muted); }
.rating textarea { display: block; width: 100%; min-height: 62px; padding: 8px 11px; border: 1px solid var(--h-field); border-radius: 10px; background: var(--h-surface); font-size: 14px; line-height: 1.6; resize: none; }
.submit { width: 100%; min-height: 40px; margin-block-start: 8px; border-radius: 10px; background: var(--h-accent); color: var(--h-on-accent); font-size: 14px; font-weight: 650; }
.submit:hover { background: var(--h-accent-deep); }
.thanks { display: flex; align-items: center; gap: 8px; margin-block-start: 8px; font-size: 13.5px; color: var(--h-muted); }
.thanks svg { width: 26px; height: 26px; color: var(--h-accent-text); stroke-width: 1.5; }

.menu { position: relative; }
.menu summary { list-style: none; cursor: pointer; }
.menu summary::-webkit-details-marker { display: none; }
.menu > div { position: absolute; z-index: 1; inset: 100% auto auto; inset-inline-end: 0; min-width: 190px; padding: 5px; border-radius: 12px; background: var(--h-surface); box-shadow: 0 0 0 1px var(--h-line), 0 10px 30px rgb(0 0 0 / .18); }
.menu > div button { display: block; width: 100%; padding: 8px 11px; border-radius: 8px; font-size: 14px; text-align: start; white-space: nowrap; }
.menu > div button:hover { background: var(--h-tint); }
.file { display: flex; align-items: center; gap: 8px; color: inherit; overflow-wrap: anywhere; }
.file img { display: block; max-width: 100%; max-height: 240px; border-radius: 8px; }
.file small { font-size: 12px; opacity: .85; white-space: nowrap; }
.mine .bubble a.file { color: inherit; }
.form { display: grid; gap: 12px; padding: 20px 16px; overflow-y: auto; }
.form h2 { margin: 0; font-size: 17px; font-weight: 700; }
.form label { display: grid; gap: 4px; font-size: 14px; }
.form .agree { grid-template-columns: auto 1fr; align-items: start; gap: 9px; }
.form .agree input { width: 18px; height: 18px; margin-block-start: 4px; accent-color: var(--h-accent); }
.form input:not([type]) { min-height: 44px; padding: 7px 11px; border: 1px solid var(--h-field); border-radius: 10px; background: var(--h-surface); font-size: 16px; }
.form a { color: var(--h-accent-text); }
.form p { color: var(--h-alert); font-size: 13.5px; }
.form p:empty { display: none; }

.newer {
  align-self: center; display: flex; align-items: center; gap: 6px; flex: none; height: 34px; margin-block: -40px 6px; padding-inline: 12px 14px; position: relative;
  border-radius: 17px; background: var(--h-text); color: var(--h-surface); font-size: 13px; font-weight: 600; box-shadow: 0 4px 14px rgb(0 0 0 / .2);
}
.newer svg { width: 16px; height: 16px; }
.strip { flex: none; padding: 7px 16px; border-block-start: 1px solid var(--h-line); background: var(--h-tint); font-size: 12.5px; line-height: 1.6; color: var(--h-text); }
.strip:empty { display: none; }

.composer { display: flex; align-items: flex-end; gap: 8px; flex: none; margin: 6px 12px 12px; padding: 5px; border: 1px solid var(--h-field); border-radius: 16px; transition: border-color .15s, box-shadow .15s; }
.composer:focus-within { border-color: var(--h-accent-text); box-shadow: 0 0 0 3px var(--h-tint); }
.composer textarea {
  flex: 1; min-width: 0; height: 38px; max-height: 134px; padding: 7px 10px; border: 0; outline: 0; background: none; resize: none; overflow-y: auto;
  font-size: 16px; line-height: 24px; scrollbar-width: thin; overflow-wrap: anywhere;
}
textarea::placeholder { color: var(--h-muted); opacity: 1; }
.send { width: 38px; height: 38px; flex: none; display: grid; place-items: center; border-radius: 12px; background: var(--h-accent); color: var(--h-on-accent); transition: background .15s, transform .15s; }
.send:hover { background: var(--h-accent-deep); }
.send:active { transform: scale(.94); }
.send:disabled { background: var(--h-bubble); color: var(--h-muted); cursor: default; transform: none; }

@media (max-width: 480px), (max-height: 440px) {
  .panel { inset: var(--h-top, 0) 0 auto !important; width: 100%; max-width: none; height: var(--h-height, 100vh); height: var(--h-height, 100dvh); border-radius: 0; box-shadow: none; }
  .opened .launcher { display: none; }
  header { gap: 8px; padding: max(14px, env(safe-area-inset-top)) 12px 14px; }
  .titles ~ * + * { margin-inline-start: -8px; }
  .firm, .status span { white-space: normal; }
  .status { align-items: baseline; }
  .composer { margin-block-end: max(12px, env(safe-area-inset-bottom)); }
  .launcher { inset-block-end: max(20px, env(safe-area-inset-bottom)); }
  .quiet { min-width: 44px; height: 44px; }
}
@keyframes rise { from { opacity: 0; transform: translateY(12px) scale(.985); } }
@keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
@keyframes breathe { 0%, 60%, 100% { opacity: .35; } 30% { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .panel, .launcher, .bubble, .choice, .article { border: 1px solid; } .face:has(:checked) { outline: 3px solid; } }
@media print { .root { display: none; } }
`;

  // ---------------------------------------------------------------------------------------------- element

  const GROUP_GAP_MS = 5 * 60_000;
  const STRIP_DELAY_MS = 1500;
  const FULL_SCREEN = matchMedia('(max-width: 480px), (max-height: 440px)');
  const DARK = matchMedia('(prefers-color-scheme: dark)');

  /**
   * The widget's nodes, without words yet.
   * @param {HamyarChat} widget  @param {'start' | 'end'} position
   */
  function skeleton(widget, position) {
    const button = (
      /** @type {string} */ name,
      /** @type {() => void} */ onclick,
      /** @type {(Node | null)[]} */ ...children
    ) => el('button', { class: name, type: 'button', onclick }, ...children);

    const badge = el('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' });
    const launcherIcon = el('span', { class: 'shape' });
    const launcher = button('launcher', () => widget.toggle(), launcherIcon, badge);

    const mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
    const firm = el('div', { class: 'firm', id: 'firm' });
    const statusText = el('span');
    const status = el('div', { class: 'status' }, statusText);
    const language = button('quiet', () => widget.setLanguage(widget.chat.language === 'fa' ? 'en' : 'fa'));
    const close = button('quiet', () => widget.close(), icon(ICONS.close));
    const titles = el('div', { class: 'titles' }, firm, status);
    const more = el('summary', { class: 'quiet' }, icon(ICONS.more));
    const sound = button('sound', () => widget.setSound(!widget.soundOn));
    const transcript = button('transcript', () => widget.saveTranscript());
    const menu = el('details', { class: 'menu' }, more, el('div', {}, sound, transcript));

    const welcome = el('div', { class: 'welcome' });
    const list = el('ol', { class: 'messages' });
    const dots = el('div', { class: 'dots', hidden: true, 'aria-hidden': 'true' }, el('i'), el('i'), el('i'));
    const log = el(
      'div',
      { class: 'log', role: 'log', 'aria-live': 'polite', tabindex: '0', onscroll: () => widget.scrolled() },
      welcome,
      list,
      dots,
    );
    const newer = button('newer', () => widget.toEnd());
    newer.hidden = true;
    const typing = el('div', { class: 'sr', role: 'status' });
    const strip = el('div', { class: 'strip', role: 'status' });

    const input = el('textarea', {
      rows: '1',
      enterkeyhint: 'send',
      oninput: () => widget.typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => widget.keyInComposer(event),
    });
    const picker = el('input', {
      type: 'file',
      hidden: true,
      multiple: true,
      accept: 'image/jpeg,image/png,image/gif,image/webp,audio/*,video/mp4,.pdf,.docx,.xlsx,.pptx,.odt,.ods,.odp',
      onchange: () => widget.sharePicked(),
    });
    const attach = button('quiet attach', () => picker.click(), icon(ICONS.clip));
    const form = el('form', { class: 'form', hidden: true });
    const send = el('button', { class: 'send', type: 'submit', disabled: true }, icon(ICONS.send));
    const composer = el(
      'form',
      { class: 'composer', onsubmit: (/** @type {Event} */ event) => widget.submit(event) },
      attach,
      picker,
      input,
      send,
    );

    const panel = el(
      'div',
      {
        class: 'panel',
        role: 'dialog',
        'aria-labelledby': 'firm',
        tabindex: '-1',
        hidden: true,
        onkeydown: (/** @type {KeyboardEvent} */ event) => widget.keyInPanel(event),
      },
      el('header', { role: 'none' }, mark, titles, language, menu, close),
      form,
      log,
      newer,
      typing,
      strip,
      composer,
    );
    const root = el('div', { class: 'root', 'data-position': position }, panel, launcher);
    return {
      root, launcher, launcherIcon, badge, panel, mark, firm, status, statusText, language, close, log, welcome,
      list, dots, newer, typing, strip, input, send, composer, picker, attach, form, menu, more, sound, transcript,
    };
  }

  /** The widget on the page: launcher, panel, and their words. */
  class HamyarChat extends HTMLElement {
    /** @param {string} inbox  @param {Options} options */
    constructor(inbox, options) {
      super();
      this.options = options;
      this.tab = new Store(inbox, 'sessionStorage');
      /** @type {Map<string, Set<(detail: any) => void>>} */
      this.listeners = new Map();
      /** @type {Map<string, {node: HTMLElement}>} */
      this.views = new Map();
      this.rendering = false;
      this.announcedUnread = 0;
      this.stripTimer = 0;
      this.unsteady = false;
      this.typingSentAt = 0;
      /** The page's last draft. */
      this.offered = '';
      /** Not sent yet. */
      this.rating = { score: 0, comment: '' };
      this.reworded = false;
      this.colours = new CSSStyleSheet();
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      const shadow = this.attachShadow({ mode: 'open' });
      shadow.adoptedStyleSheets = [style, this.colours];
      this.ui = skeleton(this, options.position);
      shadow.append(this.ui.root);
      this.chat = new Chat(inbox, options.language, (event, detail) => this.hear(event, detail));
      this.paint();
      this.speak();
    }

    begin() {
      DARK.addEventListener('change', () => this.paint());
      FULL_SCREEN.addEventListener('change', () => this.fit());
      for (const event of ['resize', 'scroll']) window.visualViewport?.addEventListener(event, () => this.fit());
      document.addEventListener('visibilitychange', () => this.render());
      this.draft(this.tab.get('draft') ?? '');
      if (this.tab.get('open') && !FULL_SCREEN.matches) this.open({ focus: false });
      else this.render();
    }

    // What the page may do

    get opened() {
      return !this.ui.panel.hidden;
    }

    /** @param {{draft?: string, focus?: boolean}} [how] */
    open({ draft, focus = true } = {}) {
      // What the visitor has typed stays.
      if (draft && typeof draft === 'string' && [this.offered, ''].includes(this.ui.input.value)) this.draft((this.offered = draft));
      if (!this.opened) {
        for (const face of FACES) document.fonts.add(face);
        this.ui.panel.hidden = false;
        this.tab.set('open', true);
        this.chat.connection.start();
        this.fit();
        this.shapeInput();
        this.render();
        this.toEnd();
        this.fire('opened');
      }
      if (focus) this.focusIn();
    }

    /** On a touch screen the keyboard would hide what there is to read. */
    focusIn() {
      (matchMedia('(pointer: coarse)').matches ? this.ui.panel : this.ui.input).focus();
    }

    close() {
      if (!this.opened) return;
      const focused = this.shadowRoot?.activeElement;
      this.ui.panel.hidden = true;
      this.tab.remove('open');
      this.render();
      if (focused) this.ui.launcher.focus();
      this.fire('closed');
    }

    toggle() {
      if (this.opened) this.close();
      else this.open();
    }

    /** @param {User} user  whom the page's server has signed */
    identify(user) {
      const { id, hash, name, email } = user ?? {};
      if (!id || !hash) return console.error('Hamyar.identify needs an id and a hash.');
      // The server takes no others.
      const line = (/** @type {any} */ text) => String(text ?? '').replace(/\p{Cc}+/gu, ' ').slice(0, 200);
      this.chat.identify({ id: String(id), hash: String(hash), name: line(name), email: line(email) });
    }

    /** On a machine that others use too. */
    shutdown() {
      this.close();
      this.chat.shutdown();
      this.draft('');
    }

    get soundOn() {
      return this.chat.store.get('sound') !== 'off';
    }

    /** @param {boolean} on */
    setSound(on) {
      this.chat.store.set('sound', on ? 'on' : 'off');
      this.ui.menu.open = false;
      this.render();
      if (on) this.chime();
    }

    /** Browsers let no page make a sound before its visitor has touched it. */
    async chime() {
      if (!this.soundOn || !navigator.userActivation?.hasBeenActive) return;
      this.audio ??= new AudioContext();
      const { audio } = this;
      for (const [place, frequency] of [587, 880].entries()) {
        const at = audio.currentTime + place * 0.14;
        const tone = new OscillatorNode(audio, { frequency });
        const volume = new GainNode(audio, { gain: 0 });
        volume.gain.linearRampToValueAtTime(0.06, at + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
        tone.connect(volume).connect(audio.destination);
        tone.start(at);
        tone.stop(at + 0.5);
      }
    }

    saveTranscript() {
      this.ui.menu.open = false;
      const href = URL.createObjectURL(new Blob([this.chat.transcript()], { type: 'text/plain;charset=utf-8' }));
      el('a', { href, download: 'conversation.txt' }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    }

    sharePicked() {
      for (const file of this.ui.picker.files ?? []) this.chat.share(file);
      this.ui.picker.value = '';
      this.toEnd();
      this.ui.input.focus();
    }

    /** @param {string} language  anything but Persian and English is left out */
    setLanguage(language) {
      const known = languageOf(language);
      if (!known || known === this.chat.language) return;
      this.chat.speak(known);
      // All is drawn anew, and nothing of it is new.
      this.reworded = true;
      this.ui.log.setAttribute('aria-live', 'off');
      this.speak();
      this.render();
    }

    /** @param {string} event  @param {(detail: any) => void} listener  @returns {() => void} stops listening */
    on(event, listener) {
      const listeners = this.listeners.get(event) ?? new Set();
      this.listeners.set(event, listeners.add(listener));
      return () => listeners.delete(listener);
    }

    /** @param {string} event  @param {any} [detail] */
    fire(event, detail) {
      for (const listener of this.listeners.get(event) ?? []) {
        try {
          listener(detail);
        } catch (error) {
          reportError(error);
        }
      }
    }

    /** @param {string} event  @param {any} [detail] */
    hear(event, detail) {
      if (event === 'message' && detail.author !== 'contact') this.chime();
      if (event !== 'changed') return this.fire(event, detail);
      // One drawing serves many frames. A hidden page has no animation frames.
      if (this.rendering) return;
      this.rendering = true;
      const render = () => {
        this.rendering = false;
        this.render();
      };
      if (document.hidden) setTimeout(render);
      else requestAnimationFrame(render);
    }

    // Words, colours, size

    get words() {
      return WORDS[this.chat.language];
    }

    speak() {
      const { words } = this;
      this.ui.root.lang = this.chat.language;
      this.ui.root.dir = this.chat.language === 'fa' ? 'rtl' : 'ltr';
      for (const name of /** @type {const} */ (['log', 'input', 'send', 'close', 'attach', 'more']))
        this.ui[name].setAttribute('aria-label', words[name]);
      this.ui.input.placeholder = words.input;
      this.ui.language.replaceChildren(words.otherName, el('span', { class: 'sr' }, `: ${words.other}`));
      this.ui.language.lang = this.chat.language === 'fa' ? 'en' : 'fa';
      this.ui.transcript.textContent = words.transcript;
      this.ui.newer.replaceChildren(icon(ICONS.down), words.newer);
      for (const view of this.views.values()) view.node.remove();
      this.views.clear();
      this.shapeInput();
    }

    paint() {
      const theme = this.options.theme;
      const dark = theme === 'dark' || (theme !== 'light' && DARK.matches);
      const accent = parseColour(this.options.accent) ?? [15, 118, 110];
      const rules = Object.entries(palette(accent, dark)).map(([name, rgb]) => `--h-${name}:rgb(${rgb.join(' ')})`);
      this.colours.replaceSync(`.root{color-scheme:${dark ? 'dark' : 'light'};${rules.join(';')}}`);
    }

    /** On a phone the panel fills what the keyboard leaves, until it is looked at closely. */
    fit() {
      const view = window.visualViewport;
      const sticky = this.atEnd();
      this.ui.panel.setAttribute('aria-modal', String(FULL_SCREEN.matches));
      if (!view || view.scale !== 1) return;
      const full = FULL_SCREEN.matches && this.opened;
      this.ui.panel.style.setProperty('--h-height', full ? `${view.height}px` : '');
      this.ui.panel.style.setProperty('--h-top', full ? `${view.offsetTop}px` : '');
      if (sticky) this.toEnd();
    }

    // Drawing

    render() {
      const { chat, words } = this;
      const sticky = this.atEnd();
      chat.looking = this.opened;
      if (this.opened && !document.hidden) chat.see();
      this.ui.root.classList.toggle('opened', this.opened);
      this.drawLauncher();
      this.drawHeader();
      this.drawStrip();
      if (!this.opened) return;
      this.drawForm();
      const messages = chat.list();
      this.drawWelcome(messages);
      const added = this.drawMessages(messages);
      const typist = chat.typing && (chat.typing === 'agent' ? chat.typist || (chat.agent ?? words.agent) : words.bot);
      this.ui.dots.hidden = !typist;
      setText(this.ui.typing, typist ? words.typing(typist) : '');
      this.follow(sticky, added);
    }

    drawLauncher() {
      const count = this.chat.unread;
      const digits = formats(this.chat.language).number.format(count);
      const label = this.opened ? this.words.close : this.words.open;
      this.ui.launcher.setAttribute('aria-label', count ? `${label} (${this.words.unread(digits)})` : label);
      this.ui.launcher.setAttribute('aria-expanded', String(this.opened));
      const shape = this.opened ? 'down' : 'chat';
      if (this.ui.launcherIcon.dataset.shape !== shape) this.ui.launcherIcon.replaceChildren(icon(ICONS[shape]));
      this.ui.launcherIcon.dataset.shape = shape;
      this.ui.badge.hidden = !count;
      setText(this.ui.badge, digits);
      if (count !== this.announcedUnread) this.fire('unread', (this.announcedUnread = count));
    }

    drawHeader() {
      const { chat, words } = this;
      const firm = chat.session?.firm[chat.language === 'fa' ? 'name_fa' : 'name_en'] || words.title;
      setText(this.ui.firm, firm);
      setText(this.ui.mark, (chat.status === 'open' && chat.agent ? chat.agent : firm).trim().slice(0, 1));
      const live = chat.connection.link === 'online' || (chat.session && !this.unsteady);
      const text = !live ? words.connecting : chat.status === 'open' ? words.helping(chat.agent) : words[chat.status];
      this.ui.status.dataset.state = live ? chat.status : '';
      this.ui.status.hidden = chat.connection.link === 'refused';
      setText(this.ui.statusText, text ?? words.with_bot);
      setText(this.ui.sound, this.soundOn ? words.mute : words.unmute);
    }

    /** Most breaks last less than a second, and nothing is said of them. */
    drawStrip() {
      const { link } = this.chat.connection;
      if (link === 'online' || link === 'idle') {
        clearTimeout(this.stripTimer);
        this.stripTimer = 0;
        this.unsteady = false;
      } else if (!this.stripTimer) {
        this.stripTimer = setTimeout(() => {
          this.unsteady = true;
          this.render();
        }, STRIP_DELAY_MS);
      }
      setText(this.ui.strip, link === 'refused' ? this.words.refused : this.unsteady ? this.words.offline : '');
      this.ui.input.disabled = link === 'refused';
    }

    drawForm() {
      const { chat, ui } = this;
      const asked = chat.session?.form ?? null;
      const focused = ui.form.contains(this.shadowRoot?.activeElement ?? null);
      for (const part of [ui.log, ui.composer]) part.hidden = Boolean(asked);
      ui.form.hidden = !asked;
      const drawn = JSON.stringify([asked, chat.language]);
      if (ui.form.dataset.drawn === drawn) return;
      ui.form.dataset.drawn = drawn;
      if (asked) introductionForm(ui.form, asked, this.words, (answer) => chat.introduce(answer));
      else ui.form.replaceChildren();
      if (focused && !asked) this.focusIn();
    }

    /** @param {Message[]} messages */
    drawWelcome(messages) {
      const { chat, words } = this;
      const empty = !messages.length;
      const away = this.unsteady && chat.connection.link !== 'refused';
      const known = chat.session?.greeting ?? (away ? { text: words.greeting, buttons: [] } : null);
      const greeting = known && { ...known, text: this.options.greeting || known.text };
      const today = !empty && dayLabel(messages[0].at, chat.language) === words.today;
      const drawn = JSON.stringify([empty, today, greeting, chat.language]);
      if (this.ui.welcome.dataset.drawn === drawn) return;
      this.ui.welcome.dataset.drawn = drawn;
      this.ui.welcome.classList.toggle('empty', empty);
      // Above an older conversation it would be out of place.
      if (!greeting || !(empty || today)) return this.ui.welcome.replaceChildren();
      const bubble = el('div', { class: 'bubble', ...directed(greeting.text, chat.language) }, ...rich(greeting.text));
      if (!empty) return this.ui.welcome.replaceChildren(el('div', { class: 'message theirs first' }, bubble));
      const choices = this.choices(greeting.buttons);
      for (const choice of choices.children) choice.append(icon(ICONS.next));
      this.ui.welcome.replaceChildren(el('div', { class: 'hero' }, icon(ICONS.chat)), bubble, choices);
    }

    /**
     * Bring the list in line with the messages; a screen reader reads what is added.
     * @param {Message[]} messages
     * @returns {HTMLElement[]} the new ones
     */
    drawMessages(messages) {
      const { chat } = this;
      const lastOwn = messages.findLastIndex(({ author }) => author === 'contact');
      // A file says nothing to the bot: what that offers stays there.
      const lastSaid = messages.findLastIndex(({ author, file, isUpload }) => author === 'contact' && !file && !isUpload);
      const lastQuestion = messages.findLastIndex(({ buttons, kind }) => buttons.length || kind === 'rating_request');
      // History is there to be read; only what comes now is read out.
      const unknown = messages.filter((message) => !this.views.has(viewKey(message)));
      const news = !this.reworded && unknown.some(({ sequence }) => (sequence ?? Infinity) > chat.historyEnd);
      this.reworded = false;
      if (unknown.length) this.ui.log.setAttribute('aria-live', news ? 'polite' : 'off');
      const { score, request } = chat;
      const online = chat.connection.link === 'online';
      const drawn = new Set();
      /** @type {HTMLElement[]} */
      const added = [];
      let place = /** @type {Element | null} */ (this.ui.list.firstElementChild);
      const put = (/** @type {string} */ key, /** @type {() => {node: HTMLElement}} */ make) => {
        const view = this.views.get(key) ?? make();
        if (!this.views.has(key)) added.push(view.node);
        this.views.set(key, view);
        drawn.add(key);
        if (view.node === place) place = place.nextElementSibling;
        else this.ui.list.insertBefore(view.node, place);
        return view;
      };
      messages.forEach((message, index) => {
        const before = messages[index - 1];
        const newDay = before?.at.toDateString() !== message.at.toDateString();
        const day = newDay ? dayLabel(message.at, chat.language) : '';
        // A conversation that began today needs no heading.
        if (newDay && (before || day !== this.words.today))
          put(`day:${day}`, () => ({ node: el('li', { class: 'day' }, day) }));
        const view = /** @type {MessageView} */ (put(viewKey(message), () => new MessageView(message, this)));
        view.draw(message, {
          first: newDay || !together(before, message),
          last: !together(message, messages[index + 1]),
          answerable: index > lastSaid && index === lastQuestion,
          rating: message.sequence === request && (index > lastOwn || score) ? score : null,
          online,
          seen: message.author === 'contact' && Number(message.sequence ?? Infinity) <= chat.read,
        });
      });
      for (const [key, view] of this.views) {
        if (drawn.has(key)) continue;
        view.node.remove();
        this.views.delete(key);
      }
      return added;
    }

    /** @param {Choice[]} buttons */
    choices(buttons) {
      const choose = (/** @type {Choice} */ { title, payload }) => {
        this.chat.post(title, payload);
        this.toEnd();
        this.ui.input.focus({ preventScroll: true });
      };
      return el(
        'div',
        { class: 'choices' },
        ...buttons.map((button) =>
          el(
            'button',
            { class: 'choice', type: 'button', dir: directionOf(button.title), onclick: () => choose(button) },
            el('span', {}, button.title),
          ),
        ),
      );
    }

    // Scrolling

    atEnd() {
      return this.ui.log.scrollHeight - this.ui.log.scrollTop - this.ui.log.clientHeight < 60;
    }

    toEnd() {
      this.ui.log.scrollTop = this.ui.log.scrollHeight;
      this.ui.newer.hidden = true;
    }

    scrolled() {
      if (this.atEnd()) this.ui.newer.hidden = true;
    }

    /**
     * Keep the newest in view for those who read at the end, or its start where it is longer.
     * @param {boolean} sticky  @param {HTMLElement[]} added
     */
    follow(sticky, added) {
      if (!sticky) {
        if (added.length) this.ui.newer.hidden = false;
        return;
      }
      this.toEnd();
      const newest = added.at(-1);
      if (newest && this.chat.last > this.chat.historyEnd && newest.offsetHeight > this.ui.log.clientHeight - 40)
        newest.scrollIntoView({ block: 'start' });
    }

    // Writing

    /** @param {string} text */
    draft(text) {
      this.ui.input.value = text;
      this.typed();
    }

    /** `dir=auto` would set an empty Persian field from left to right. */
    shapeInput() {
      const { input } = this.ui;
      const sticky = this.atEnd();
      input.dir = directionOf(input.value) ?? this.ui.root.dir;
      // Measuring a very long text would take seconds.
      const long = input.value.length > 2000;
      input.style.height = long ? '100vh' : 'auto';
      if (!long) input.style.height = input.value && this.opened ? `${input.scrollHeight}px` : '';
      if (sticky) this.toEnd();
    }

    typed() {
      const { input } = this.ui;
      this.shapeInput();
      this.ui.send.disabled = !input.value.trim();
      this.tab.set('draft', input.value);
      const now = Date.now();
      if (input.value && now - this.typingSentAt > 3000) {
        this.typingSentAt = now;
        this.chat.sendTyping(true);
      } else if (!input.value && this.typingSentAt) {
        this.typingSentAt = 0;
        this.chat.sendTyping(false);
      }
    }

    /** @param {KeyboardEvent} event */
    keyInComposer(event) {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) this.submit(event);
    }

    /** @param {Event} event */
    submit(event) {
      event.preventDefault();
      const text = this.ui.input.value.trim();
      if (!text || this.ui.input.disabled) return;
      this.draft('');
      this.chat.post(text);
      this.toEnd();
    }

    /** @param {KeyboardEvent} event */
    keyInPanel(event) {
      // The page's own shortcuts must not hear this.
      event.stopPropagation();
      if (event.key === 'Escape' && this.ui.menu.open) {
        this.ui.menu.open = false;
        this.ui.more.focus();
      } else if (event.key === 'Escape') this.close();
      if (event.key !== 'Tab' || !FULL_SCREEN.matches) return;
      const stops = /** @type {HTMLElement[]} */ ([
        ...this.ui.panel.querySelectorAll('a[href], summary, button:enabled, textarea:enabled, input, [tabindex="0"]'),
      ]).filter((stop) => stop.getClientRects().length);
      const edge = event.shiftKey ? stops[0] : stops.at(-1);
      if (this.shadowRoot?.activeElement !== edge && this.shadowRoot?.activeElement !== this.ui.panel) return;
      event.preventDefault();
      (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
    }
  }

  /** A file's entry is built anew when the file has arrived.  @param {Message} message */
  const viewKey = ({ key, file }) => (file ? `${key}:file` : key);

  /** One entry of the log; only its changing parts are touched. */
  class MessageView {
    /** @param {Message} message  @param {HamyarChat} widget */
    constructor(message, widget) {
      this.node = el('li');
      this.widget = widget;
      this.name = el('span');
      this.meta = el('div', { class: 'meta' });
      this.choices = el('div');
      this.rating = el('div');
      const own = message.author === 'contact';
      const { language } = widget.chat;
      this.bubble = el(
        'div',
        { class: 'bubble', ...directed(message.text, language) },
        ...(message.text ? (own ? plain : rich)(message.text) : []),
        ...(message.file ? [sharedFile(message.file, language)] : []),
      );
      this.file = message.file;
      const cards = articleCards(message.articles, widget.words);
      this.node.append(this.name, this.bubble, ...cards, this.meta, this.choices, this.rating);
      this.kind = message.author === 'system' && message.kind === 'text' ? 'note' : own ? 'mine' : 'theirs';
      this.fresh = message.state === 'pending' || Number(message.sequence) > widget.chat.historyEnd;
      this.drawn = '';
    }

    /**
     * @param {Message} message
     * @param {{first: boolean, last: boolean, answerable: boolean, rating: number | null, online: boolean, seen: boolean}} place
     *   a rating of 0 is one that is asked for
     */
    draw(message, place) {
      const { widget } = this;
      const { author, state } = message;
      const pending = state === 'pending';
      const failed = state === 'failed';
      const drawn = JSON.stringify([{ ...place, online: pending && place.online }, state, message.at, message.problem]);
      if (drawn === this.drawn) return;
      this.drawn = drawn;
      this.node.className = `message ${this.kind}`;
      for (const [name, on] of Object.entries({ first: place.first, fresh: this.fresh, pending, failed }))
        this.node.classList.toggle(name, on);
      this.name.className = place.first && author === 'agent' ? 'name' : 'sr';
      setText(this.name, (author === 'agent' && message.agentName) || widget.words[author] || '');
      const signed = failed || (place.last && this.kind !== 'note');
      this.meta.replaceChildren(...(signed ? this.metaParts(message, place.seen) : []));
      const answerable = place.answerable && message.buttons.length;
      this.choices.replaceChildren(...(answerable ? [widget.choices(message.buttons)] : []));
      this.drawRating(place.rating);
    }

    /** @param {Message} message  @param {boolean} seen  @returns {Node[]} time and how far the message has come */
    metaParts(message, seen) {
      const { chat, words } = this.widget;
      const time = el('time', { datetime: message.at.toISOString() }, timeLabel(message.at, chat.language));
      if (message.author !== 'contact') return [time];
      if (message.state === 'sent') {
        const mark = seen ? 'seen' : 'sent';
        return [time, icon(ICONS[mark]), el('span', { class: 'sr' }, words[mark])];
      }
      const problem = /** @type {Record<string, any>} */ (words)[message.problem];
      const waits = problem ?? (chat.connection.link === 'online' ? words.pending : words.queued);
      if (message.state === 'pending') return [icon(ICONS.pending), el('span', {}, waits)];
      const edit = () => {
        chat.withdraw(message);
        const { input, picker } = this.widget.ui;
        if (message.isUpload) return picker.click();
        this.widget.draft([message.text, input.value].filter(Boolean).join('\n'));
        this.widget.focusIn();
      };
      return [
        el('span', {}, problem ?? words.failed),
        el('button', { type: 'button', onclick: edit }, message.isUpload ? words.another : words.edit),
      ];
    }

    /** @param {number | null} score */
    drawRating(score) {
      if (this.rating.dataset.score === String(score)) return;
      this.rating.dataset.score = String(score);
      this.rating.className = score === 0 ? 'rating' : '';
      const { widget } = this;
      const { words, chat } = widget;
      if (score === null) this.rating.replaceChildren();
      else if (score === 0)
        this.rating.replaceChildren(
          ratingForm(words, widget.rating, () => {
            chat.rate(widget.rating.score, widget.rating.comment.trim());
            widget.rating = { score: 0, comment: '' };
            widget.focusIn();
          }),
        );
      else {
        const thanks = `${words.rated} · ${words.scores[score - 1]}`;
        this.rating.replaceChildren(el('p', { class: 'thanks' }, icon(FACE, MOUTHS[score - 1]), thanks));
      }
    }
  }

  /**
   * @param {typeof WORDS['en']} words
   * @param {{score: number, comment: string}} kept  @param {() => void} send
   */
  function ratingForm(words, kept, send) {
    const chosen = el('p', { class: 'chosen', 'aria-hidden': 'true' });
    const comment = el('textarea', { placeholder: words.comment, 'aria-label': words.comment, rows: '2' }, kept.comment);
    comment.oninput = () => (kept.comment = comment.value);
    const details = el('div', {}, comment, el('button', { class: 'submit', type: 'submit' }, words.submit));
    const show = () => {
      chosen.textContent = words.scores[kept.score - 1] ?? '';
      details.hidden = !kept.score;
    };
    const choose = (/** @type {number} */ value) => {
      kept.score = value;
      show();
      details.scrollIntoView({ block: 'nearest' });
    };
    show();
    const faces = words.scores.map((label, index) =>
      el(
        'label',
        { class: 'face', title: label },
        el('input', {
          type: 'radio',
          name: 'score',
          value: index + 1,
          checked: kept.score === index + 1,
          'aria-label': label,
          onchange: () => choose(index + 1),
        }),
        icon(FACE, MOUTHS[index]),
      ),
    );
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      send();
    };
    return el(
      'form',
      { onsubmit: submit },
      el('fieldset', {}, el('legend', { class: 'sr' }, words.rate), el('div', { class: 'faces' }, ...faces)),
      chosen,
      details,
    );
  }

  /**
   * @param {HTMLFormElement} form  @param {Form} asked  @param {typeof WORDS['en']} words
   * @param {(answer: {name: string, address: string, consent: string}) => Promise<string>} send
   */
  function introductionForm(form, asked, words, send) {
    // In another language it is the same form still.
    const typed = new FormData(form);
    form.replaceChildren();
    const field = (/** @type {string} */ label, /** @type {string} */ autocomplete) => {
      const value = typed.get(autocomplete);
      const input = el('input', { required: true, maxlength: '200', name: autocomplete, autocomplete, value, dir: 'auto' });
      return { input, node: el('label', {}, label, input) };
    };
    const name = asked.name ? field(words.name, 'name') : null;
    const address = asked.address ? field(words.address, 'email') : null;
    const problem = el('p', { role: 'alert' });
    const privacy = asked.privacy_url && link(asked.privacy_url, words.privacy);
    const agree = el('label', { class: 'agree' }, el('input', { type: 'checkbox', required: true }), el('span', { dir: 'auto' }, asked.consent));
    form.append(
      el('h2', {}, words.formTitle),
      name?.node ?? '',
      address?.node ?? '',
      asked.consent && agree,
      privacy && el('span', {}, privacy),
      problem,
      el('button', { class: 'submit', type: 'submit' }, words.begin),
    );
    form.onsubmit = async (event) => {
      event.preventDefault();
      const answer = { name: name?.input.value ?? '', address: address?.input.value ?? '', consent: asked.consent };
      const code = await send(answer);
      if (code) problem.textContent = code === 'contact_detail_unfit' ? words[code] : words.formFailed;
    };
  }

  /**
   * A picture where the page lets it be shown, otherwise a link to save it.
   * @param {SharedFile} file  @param {Language} language
   */
  function sharedFile({ name, size, is_picture, url }, language) {
    const href = url && safeUrl(url);
    const count = formats(language).number.format(Math.ceil((size || 0) / 1000));
    const label = [icon(ICONS.clip), el('bdi', {}, name || '…'), el('small', {}, WORDS[language].kilobytes(count))];
    if (!href) return el('span', { class: 'file' }, ...label);
    const anchor = el('a', { class: 'file', href, target: '_blank', rel: 'noopener noreferrer', download: name });
    const plainly = () => anchor.replaceChildren(...label);
    if (!is_picture) plainly();
    else {
      // It takes no more place when it has come: who reads at the end stays there.
      const fit = () => picture.removeAttribute('height');
      const picture = el('img', { src: href, alt: name, height: 240, loading: 'lazy', onload: fit, onerror: plainly });
      anchor.append(picture);
    }
    return anchor;
  }

  /** @param {Article[]} articles  @param {typeof WORDS['en']} words */
  function articleCards(articles, words) {
    const cards = articles.flatMap(({ title, url, note }) => {
      const href = safeUrl(url);
      if (!href) return [];
      const label = el('span', { dir: directionOf(title) }, title, el('span', { class: 'sr' }, ` (${words.newTab})`));
      if (note) label.append(el('small', { dir: 'auto' }, note));
      return [
        el(
          'a',
          { class: 'article', href, target: '_blank', rel: 'noopener noreferrer' },
          icon(ICONS.article),
          label,
          icon(ICONS.go),
        ),
      ];
    });
    return cards.length ? [el('div', { class: 'articles' }, ...cards)] : [];
  }

  /**
   * As one group.
   * @param {Message | undefined} a  @param {Message | undefined} b
   */
  const together = (a, b) =>
    Boolean(
      a &&
      b &&
      a.author === b.author &&
      a.agentName === b.agentName &&
      Math.abs(b.at.getTime() - a.at.getTime()) < GROUP_GAP_MS,
    );

  /** @param {string} text  @param {Language} language of the reader, for a text without letters */
  function directed(text, language) {
    const dir = directionOf(text) ?? (language === 'fa' ? 'rtl' : 'ltr');
    return { dir, lang: dir === 'rtl' ? 'fa' : 'en' };
  }

  /** Live regions are read again where nothing differs.  @param {Node} node  @param {string} text */
  function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  const ARABIC_RANGE = 'U+600-8FF, U+200C-200E, U+FB50-FDFF, U+FE70-FEFC';

  /** The browser fetches what the letters on the screen need. */
  const FACES = [
    [FONT, 'arabic', ARABIC_RANGE],
    [LATIN_FONT, 'latin'],
  ].map(([name, subset, unicodeRange]) => {
    const file = new URL(`static/vendor/vazirmatn-${subset}-wght-normal.woff2`, BASE);
    return new FontFace(name, `url("${file}")`, { weight: '100 900', display: 'swap', unicodeRange });
  });

  // ------------------------------------------------------------------------------------------------ start

  customElements.define('hamyar-chat', HamyarChat);

  function start() {
    const { inbox, language, color, position, theme, greeting } = /** @type {HTMLScriptElement} */ (script).dataset;
    if (!inbox) return console.error('Hamyar: the script tag needs data-inbox.');
    const remembered = new Store(inbox).get('language');
    const page = [document.documentElement.lang, ...navigator.languages].map(languageOf).find(Boolean);
    const widget = new HamyarChat(inbox, {
      language: languageOf(remembered) ?? languageOf(language) ?? page ?? 'en',
      accent: color ?? '',
      position: position === 'start' ? 'start' : 'end',
      theme: theme ?? 'auto',
      greeting: greeting ?? '',
    });
    // A page that swaps or transforms its body neither loses nor moves the chat.
    document.documentElement.append(widget);
    widget.begin();
    /** @type {any} what the page asked for before we were here */
    const early = /** @type {any} */ (window).Hamyar;
    /** @type {Record<string, (...given: any[]) => any>} */
    const api = { open: (draft) => widget.open({ draft }), push: ([name, ...given]) => api[name]?.(...given) };
    for (const name of /** @type {const} */ (['close', 'on', 'setLanguage', 'toggle', 'identify', 'shutdown']))
      api[name] = (...given) => /** @type {any} */ (widget)[name](...given);
    Object.assign(window, { Hamyar: api });
    if (Array.isArray(early)) for (const call of early) api.push(call);
    document.addEventListener('click', (event) => {
      const opener = event.target instanceof Element && event.target.closest('[data-hamyar-open]');
      if (!opener) return;
      event.preventDefault();
      widget.open({ draft: opener.getAttribute('data-hamyar-open') ?? '' });
    });
    dispatchEvent(new CustomEvent('hamyar:ready'));
  }

  if (document.body) start();
  else document.addEventListener('DOMContentLoaded', start);
})();
