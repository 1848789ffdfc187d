// Values as YAML text, for files that people read: plain where that is safe, quoted where it is not.

const meansSomethingElse = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/** One value on one line. `${` stays what it is: the loader would take it for a variable. */
export function yamlText(value: string): string {
  const plain = /^(?:\.\/)?[A-Za-z][\w./-]*$/.test(value) && !meansSomethingElse.test(value);
  return plain ? value : JSON.stringify(value.replaceAll('${', () => '$${'));
}

/** A list on one line. */
export function yamlList(values: readonly string[]): string {
  return `[${values.map(yamlText).join(', ')}]`;
}
