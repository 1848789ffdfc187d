// Small charts as inline SVG, each with a title, a description in words and the figures as a table. Pure.
import { html } from 'hono/html';
import { figure, type Html } from './shell.ts';

export interface Bar {
  /** Of the time it stands for: "21 Nov". */
  readonly label: string;
  /** Null: nothing is known of that time. */
  readonly value: number | null;
  /** The part of it that went wrong, drawn into the bar. */
  readonly bad?: number;
}

export interface ChartInput {
  readonly id: string;
  readonly title: string;
  /** "documents", "seconds", "requests", "%". */
  readonly unit: string;
  /** What `bad` is: "refused"; left out where there is none. */
  readonly badUnit?: string;
  readonly bars: readonly Bar[];
  readonly kind: 'bars' | 'line';
  /** The scale's end; left out: the highest value. */
  readonly top?: number;
}

const width = 320;
const height = 110;
const edge = { left: 6, right: 6, top: 14, bottom: 16 };

/** One chart with its table. */
export function chart(input: ChartInput): Html {
  const { id, title, unit, badUnit, bars } = input;
  const known = bars.flatMap(({ value }) => (value === null ? [] : [value]));
  if (known.length === 0)
    return html`<figure id="${id}"><figcaption><strong>${title}</strong></figcaption><p class="dim small">nothing in this time</p></figure>`;
  const top = Math.max(input.top ?? 0, ...known, 1);
  const words = describe(input, known);
  return html`<figure id="${id}"><figcaption><strong>${title}</strong></figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title><desc id="${id}-desc">${words}</desc>
<line class="axis" x1="${edge.left}" x2="${width - edge.right}" y1="${height - edge.bottom}" y2="${height - edge.bottom}"/>
${input.kind === 'bars' ? barShapes(bars, top) : lineShape(bars, top)}
<text x="${edge.left}" y="10">${amount(top)} ${unit}</text>
<text x="${edge.left}" y="${height - 4}">${bars[0]?.label ?? ''}</text><text x="${width - edge.right}" y="${height - 4}" text-anchor="end">${bars.at(-1)?.label ?? ''}</text>
</svg>
<p class="dim small">${words}</p>
<details id="${id}-table"><summary class="small">the figures</summary><div class="wide"><table><thead><tr><th scope="col">when</th><th scope="col">${unit}</th>${badUnit === undefined ? '' : html`<th scope="col">${badUnit}</th>`}</tr></thead><tbody>
${bars.flatMap(({ label, value, bad }) => (value === null ? [] : [html`<tr><td>${label}</td><td class="num">${amount(value)}</td>${badUnit === undefined ? '' : html`<td class="num">${amount(bad ?? 0)}</td>`}</tr>`]))}
</tbody></table></div></details></figure>`;
}

function describe({ unit, badUnit, bars, kind }: ChartInput, known: readonly number[]): string {
  const last = known.at(-1) ?? 0;
  if (badUnit !== undefined) {
    const bad = bars.reduce((sum, one) => sum + (one.bad ?? 0), 0);
    return `${amount(known.reduce((sum, value) => sum + value, 0))} ${unit} in all, ${amount(bad)} ${badUnit}`;
  }
  const range = `lowest ${amount(Math.min(...known))}, highest ${amount(Math.max(...known))}`;
  return kind === 'line' || known.length > 1 ? `${range}, last ${amount(last)} ${unit}` : `${amount(last)} ${unit}`;
}

function place(index: number, count: number): { readonly x: number; readonly step: number } {
  const step = (width - edge.left - edge.right) / Math.max(1, count);
  return { x: edge.left + index * step, step };
}

function rise(value: number, top: number): number {
  return (value / top) * (height - edge.top - edge.bottom);
}

function barShapes(bars: readonly Bar[], top: number): readonly Html[] {
  const ground = height - edge.bottom;
  return bars.flatMap(({ label, value, bad = 0 }, index) => {
    if (value === null) return [];
    const { x, step } = place(index, bars.length);
    const [tall, wrong] = [value === 0 ? 0 : Math.max(1.5, rise(value, top)), bad === 0 ? 0 : Math.max(1.5, rise(bad, top))];
    const wide = Math.max(1, step * 0.78);
    return [
      html`<rect class="bar1" x="${fixed(x)}" y="${fixed(ground - tall)}" width="${fixed(wide)}" height="${fixed(tall)}"><title>${label}: ${amount(value)}</title></rect>${bad === 0 ? '' : html`<rect class="bar2" x="${fixed(x)}" y="${fixed(ground - wrong)}" width="${fixed(wide)}" height="${fixed(wrong)}"><title>${label}: ${amount(bad)}</title></rect>`}`,
    ];
  });
}

/** What was last known goes on until something newer is. */
function lineShape(bars: readonly Bar[], top: number): Html {
  const points: string[] = [];
  let end: readonly [number, number] = [0, 0];
  bars.forEach(({ value }, index) => {
    if (value === null) return;
    const { x, step } = place(index, bars.length);
    end = [x + step / 2, height - edge.bottom - rise(value, top)];
    points.push(`${fixed(end[0])},${fixed(end[1])}`);
  });
  return html`<polyline class="path" points="${points.join(' ')}"/><circle class="dot" cx="${fixed(end[0])}" cy="${fixed(end[1])}" r="3"/>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function amount(value: number): string {
  return value >= 100 || Number.isInteger(value) ? figure(Math.round(value)) : value.toFixed(1);
}
