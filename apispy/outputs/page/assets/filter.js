// apispy's filter language. The fields, types and units come from Python (filters/as_json.py), and so does what each
// field reads in a call: this parses and compares. A test runs Python's own tables of filters through both.

class FilterError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

function filterLanguage(grammar) {
  const KEYWORDS = ["and", "or", "not"];
  const fields = new Map();
  for (const field of grammar.fields) for (const name of [field.name, field.alias]) if (name) fields.set(name, field);

  /** A pattern: * is any characters, ? any one character; case is ignored. */
  function glob(text) {
    const parts = [...text].map((char) =>
      char === "*" ? "[^]*" : char === "?" ? "[^]" : char.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&"),
    );
    const form = new RegExp(`^(?:${parts.join("").replace(/(\[\^\]\*)+/g, "[^]*")})$`, "iu");
    return (value) => form.test(value);
  }

  const contains = (text) => glob(`*${text}*`);
  const amount = (units) => (text) => {
    const found = /^(\d{1,15}(?:\.\d{1,9})?)([a-zµ]*)$/i.exec(text);
    const unit = found && Object.hasOwn(units, found[2].toLowerCase()) ? units[found[2].toLowerCase()] : null;
    return unit === null ? null : Number(found[1]) * unit;
  };
  const order = (a, b) => (Number(a) === b ? 0 : Number(a) < b ? -1 : Number(a) > b ? 1 : NaN);
  const pairs = ([a, b], [c, d]) => (a === c ? Math.sign(b - d) : Math.sign(a - c));

  function holds(sign, sense) {
    switch (sign) {
      case ":": return sense === 0;
      case "<": return sense < 0;
      case "<=": return sense <= 0;
      case ">": return sense > 0;
      default: return sense >= 0;
    }
  }

  const compared = (read, compare) => (sign, text) => {
    const operand = read(text);
    return operand === null ? null : (value) => holds(sign, compare(numeric(value), operand));
  };
  const numeric = (value) =>
    value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value;

  function version(text) {
    const found = /^v?(\d{1,4})\.(\d{1,4})$/.exec(text);
    return found && [Number(found[1]), Number(found[2])];
  }

  function time(sign, text) {
    const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,9})?))?$/.exec(text);
    if (clock) {
      const wanted = Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] || 0);
      return (value) => holds(sign, order(secondOfDay(numeric(value)), wanted));
    }
    const moment = dateAndTime(text);
    return moment === null ? null : (value) => holds(sign, order(numeric(value), moment));
  }

  function secondOfDay(at) {
    const date = new Date(at * 1000);
    return date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds() + (((at % 1) + 1) % 1);
  }

  /** Unix seconds of YYYY-MM-DD with or without a time and a zone; null for anything else. */
  function dateAndTime(text) {
    const form = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,6})?)?)?(Z|[+-]\d\d:\d\d)?)?$/i;
    const found = form.exec(text);
    if (!found) return null;
    const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part || 0));
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (!year || month < 1 || month > 12 || day < 1 || day > days || hour > 23 || minute > 59 || second > 59) return null;
    const fraction = Number(found[7] || 0);
    const zone = found[8];
    if (!zone) return new Date(year, month - 1, day, hour, minute, second).getTime() / 1000 + fraction;
    const utc = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 + fraction;
    if (zone.toUpperCase() === "Z") return utc;
    return utc - (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4)) * 60);
  }

  const TESTS = {
    glob: (_, text) => glob(text),
    text: (_, text) => contains(text),
    number: compared((text) => (/^[0-9]{1,15}$/.test(text) ? Number(text) : null), order),
    duration: compared(amount(grammar.seconds), order),
    size: compared(amount(grammar.bytes), order),
    version: compared(version, pairs),
    time,
  };

  const test = (name, predicate) => (values) => (values[name] || []).some(predicate);
  const word = (text) => test("", contains(text));

  /** Parse a filter; returns a function of a call's field values. Throws a FilterError with its place. */
  function parse(text) {
    let at = 0;
    let depth = 0;

    const take = (form) => {
      form.lastIndex = at;
      const found = form.exec(text);
      if (found) {
        at = form.lastIndex;
        skip();
      }
      return found;
    };
    const looks = (form) => {
      form.lastIndex = at;
      return form.test(text);
    };
    const skip = () => {
      while (at < text.length && /\s/.test(text[at])) at += 1;
    };
    const keyword = (name) => new RegExp(`${name}(?=[\\s()"]|$)`, "iy");
    const fail = (message, place = at) => {
      throw new FilterError(message, place);
    };
    const value = /[^\s()"]+/y;
    const found = () => {
      value.lastIndex = at;
      return value.exec(text)?.[0] || text[at] || "the end";
    };

    function either() {
      const parts = [both()];
      while (take(keyword("or"))) parts.push(both());
      return parts.length === 1 ? parts[0] : (values) => parts.some((part) => part(values));
    }

    function both() {
      const parts = [one()];
      while (take(keyword("and")) || !(at === text.length || text[at] === ")" || looks(keyword("or")))) parts.push(one());
      return parts.length === 1 ? parts[0] : (values) => parts.every((part) => part(values));
    }

    function one() {
      const start = at;
      depth += 1;
      if (depth > grammar.depth) fail(`nested more than ${grammar.depth} levels deep`);
      let made;
      if (take(keyword("not"))) {
        const part = one();
        made = (values) => !part(values);
      } else if (take(/\(/y)) {
        made = either();
        if (!take(/\)/y)) fail('"(" without ")"', start);
      } else {
        made = single();
      }
      depth -= 1;
      return made;
    }

    function single() {
      const start = at;
      const text_ = quoted();
      if (text_ !== null) return word(text_);
      const name = looks(keyword("and")) || looks(keyword("or")) ? null : take(/(?:(?!!=)[^\s()"<>:=])+/y);
      if (!name) fail(`expected a test, as in ${fields.get("op").example}, found ${found()}`);
      const field = fields.get(name[0].toLowerCase());
      const signAt = at;
      const sign = take(/<=|>=|!=|==|[<>:=]/y);
      if (!sign) return alone(name[0], field, start);
      if (!field) fail(`unknown field ${name[0]}. Fields: ${[...fields.keys()].join(", ")}`, start);
      const typed = sign[0] === "=" || sign[0] === "==" ? ":" : sign[0];
      const operators = grammar.kinds[field.kind].operators;
      if (!operators.includes(typed)) {
        if (sign[0] === "!=" && operators.includes(":"))
          fail(`!= is not an operator, write not ${field.name}:..., as in ${field.example}`, signAt);
        fail(`expected ${operators.join(" or ")} after ${field.name}, found ${sign[0]}; as in ${field.example}`, signAt);
      }
      return comparison(field, typed);
    }

    function alone(name, field, start) {
      if (!field) return word(name);
      if (!field.flag) {
        const signs = grammar.kinds[field.kind].operators.join(" or ");
        fail(`expected ${signs} after ${name}, as in ${field.example}; to search for the word: "${name}"`, start);
      }
      return (values) => values[`${field.name}!`] === true;
    }

    function comparison(field, sign) {
      const start = at;
      const typed = quoted() ?? take(value)?.[0] ?? null;
      const predicate = typed === null ? null : TESTS[field.kind](sign, typed);
      if (predicate === null) {
        at = start;
        const expects = grammar.kinds[field.kind].expects;
        fail(`expected ${expects} after ${sign}, found ${found()}; as in ${field.example}`);
      }
      return test(field.name, predicate);
    }

    function quoted() {
      const start = at;
      const whole = take(/"((?:[^"\\]|\\[^])*)"/y);
      if (whole) return whole[1].replace(/\\([^])/g, "$1");
      if (text[start] === '"') fail('unterminated "');
      return null;
    }

    skip();
    const made = either();
    if (at < text.length) fail('")" without "("');
    return made;
  }

  return { parse, fields };
}
