// The examples of every command, in one place: help prints them, docs/commands.md is made of them, and a test parses each.

/** A line as it is typed, and what it does. */
export type Example = readonly [line: string, does: string];

/** By command, those that most people need first. */
export const examples: { readonly [command: string]: readonly Example[] } = {
  init: [
    ['kbsync init', 'asks what it cannot find out'],
    ['kbsync init --yes --sandbox && kbsync sync --verify', 'from an empty folder to a bot that answers, without an account'],
    [
      'kbsync init --yes --vendor sitegpt --set chatbotId=361628903185318481 --target site',
      'a bot that is there already, without questions',
    ],
    [
      'kbsync init --yes --vendor chatthing --root docs --audience public --ci auto',
      'with a fence, and a workflow for the CI that is found',
    ],
  ],
  doctor: [
    ['kbsync doctor', 'everything that can be found out without changing anything'],
    ['kbsync doctor --target support', 'one bot, and what all of them need'],
    ['kbsync doctor --offline', 'no vendor is asked, and no address is looked up'],
    ['kbsync doctor --json', 'the rows as data'],
    ['kbsync doctor --bundle kbsync-support.md', 'a file to hand to somebody who helps, without secrets and texts'],
  ],
  plan: [
    ['kbsync plan', 'what a sync would do, and why'],
    ['kbsync plan --diff --target support --format markdown', 'with what changes in the text that the bot reads'],
    ['kbsync plan --offline --at 2026-12-01', 'as of that day, without asking a vendor'],
    ['kbsync plan --out plan.json && kbsync sync --plan plan.json', 'approve its deletes, and no others'],
  ],
  sync: [
    ['kbsync sync', 'push what has changed, and wait until it is learnt'],
    ['kbsync sync guides/ --target support', 'one folder, one bot'],
    ['kbsync sync --no-wait', 'leave the waiting to a later run'],
    ['kbsync sync --verify', 'then ask the golden questions of what has changed'],
    ['kbsync sync --target site --allow-deletes 312', 'pass the brake on deletes, up to that many'],
  ],
  verify: [
    ['kbsync verify', 'every golden question, within the budget of the day'],
    ['kbsync verify guides/ --target support --tag smoke', 'only those'],
    ['kbsync verify --changed --junit verify.xml', 'for CI'],
    ['kbsync verify --record answers.json', 'keep the answers'],
    ['kbsync verify --baseline answers.json --format markdown', 'and compare with them later'],
  ],
  status: [
    ['kbsync status', 'which revision each bot knows'],
    ['kbsync status --documents --target support', 'one line a document'],
    ['kbsync status --fail-if failed --fail-if stale=2h', 'for monitoring: exit 3 if either holds'],
  ],
  lint: [
    ['kbsync lint', 'the whole folder'],
    ['kbsync lint guides/ --fail-on warning', 'stricter, and only there'],
    ['kbsync lint --format sarif > kbsync.sarif', 'for code scanning'],
  ],
  ask: [
    ['kbsync ask support "How do I reset my password?"', 'one bot'],
    ['kbsync ask --all "What does it cost?"', 'every bot, side by side'],
  ],
  watch: [
    ['kbsync watch', 'the daemon'],
    ['kbsync watch --config docs/sync.config.yaml', 'of another configuration'],
    ['kbsync watch pause site', 'leave one bot alone'],
    ['kbsync watch resume site', 'and go on with it'],
  ],
  todo: [
    ['kbsync todo', 'what waits for a person'],
    ['kbsync todo done T3', 'it was done by hand'],
    ['kbsync todo created U1 361628903185318481', 'the lost write did arrive, under that id'],
    ['kbsync todo retry U1 U2 U3', 'they did not: send them again'],
    ['kbsync todo approve H2', 'let a held run pass'],
    ['kbsync todo --format github-issue > issue.md', 'the list as an issue'],
  ],
  adopt: [
    ['kbsync adopt site --dry-run', 'show what would be matched'],
    ['kbsync adopt site --export ./site-before', 'save the texts that are there first'],
    ['kbsync adopt site && kbsync plan --target site', 'then see what differs'],
  ],
  show: [
    ['kbsync show guides/reset.md', 'its story in every bot'],
    ['kbsync show guides/reset.md --as support', 'exactly what that bot is given'],
  ],
  drift: [
    ['kbsync drift', 'compare with what the vendors hold'],
    ['kbsync drift --target site --texts none', 'only the list'],
    ['kbsync drift --repair', 'put right what was found'],
    ['kbsync drift --target site --prune --yes', 'remove what is left over and proven to be ours'],
  ],
  retract: [
    ['kbsync retract guides/prices.md', 'out of every bot, now'],
    ['kbsync retract guides/prices.md --target support', 'out of one'],
    ['kbsync retract --undo guides/prices.md', 'and back'],
  ],
  history: [
    ['kbsync history', 'the last runs'],
    ['kbsync history guides/prices.md --since 30d', 'what was done with one document'],
    ['kbsync history --target support --limit 5 --json', 'for programs'],
  ],
  gaps: [
    ['kbsync gaps', 'what users asked in vain, of the last week'],
    ['kbsync gaps --since 30d --format markdown > issue.md', 'of the last month, as an issue'],
    ['kbsync gaps --target support --as-tests content/drafts.golden.yaml', 'drafts of golden questions'],
  ],
  unlock: [
    ['kbsync unlock', 'every lock, and who holds it'],
    ['kbsync unlock --target support', 'only that one'],
  ],
  state: [
    ['kbsync state rename support help-desk', 'the target has a new name in the configuration'],
    ['kbsync state accept support', 'the file was edited by hand, and is meant so'],
  ],
  notify: [
    ['kbsync notify test', 'a test to every webhook'],
    ['kbsync notify test slack-1', 'to one'],
  ],
  ci: [
    ['kbsync ci github', 'a plan, told on the pull request'],
    ['kbsync ci github --offline --no-comment', 'where there are no secrets and no right to comment'],
    ['kbsync ci github --command sync --verify', 'after the merge: push, wait, and ask about what has changed'],
    ['kbsync ci gitlab --fail-on held', 'on a merge request, failing where a brake holds'],
  ],
  sandbox: [
    ['kbsync sandbox', 'every emulator behind one port'],
    ['kbsync sandbox --port 9000', 'behind that one'],
  ],
  schema: [['kbsync schema > sync.config.schema.json', 'for editors']],
  completion: [
    ['kbsync completion bash > ~/.local/share/bash-completion/completions/kbsync', 'bash, for good'],
    ['source <(kbsync completion zsh)', 'zsh, for this shell'],
    ['kbsync completion fish > ~/.config/fish/completions/kbsync.fish', 'fish, for good'],
  ],
};

/** What the help of a command ends with. */
export function helpAfter(command: string): string {
  const lines = (examples[command] ?? []).map(([line, does]) => `  ${line}\n      ${does}`);
  return `\nExamples:\n${lines.join('\n')}\n\nOptions of every command: kbsync --help`;
}

/** What the help of the program ends with. */
export const helpOfAll = `
Where to begin:
  kbsync init         makes a configuration for this folder
  kbsync plan         what a sync would do; changes nothing
  kbsync sync         does it, and waits until every bot has learnt it
  kbsync doctor       what is wrong, and what to do about it
  kbsync sync --help  the options and examples of a command`;
