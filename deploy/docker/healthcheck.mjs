// HEALTHCHECK of the image: 0 while the daemon is ready. By node itself, because the image has neither curl nor wget.
// Another port: KBSYNC_HEALTH_URL=http://127.0.0.1:9000/readyz. Liveness alone: …/healthz.
const url = process.env.KBSYNC_HEALTH_URL ?? 'http://127.0.0.1:8420/readyz';
try {
  const reply = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  console.log(`${reply.status} ${(await reply.text()).slice(0, 500)}`);
  process.exitCode = reply.ok ? 0 : 1;
} catch (error) {
  console.log(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
