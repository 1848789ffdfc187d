// Loaded before the program (node --import): every file below KBSYNC_TEST_FULL takes so many bytes in all (KBSYNC_TEST_ROOM), then the disk is full,
// as the system would say it. For real full disks there is the campaign; this works on every machine and for every user.
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const folder = process.env.KBSYNC_TEST_FULL ?? '/nowhere';
let room = Number(process.env.KBSYNC_TEST_ROOM ?? 0);

function take(path, data) {
  if (!String(path).startsWith(folder)) return;
  room -= Buffer.byteLength(data);
  if (room < 0)
    throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: 'ENOSPC', errno: -28, syscall: 'write' });
}

const { open } = promises;
promises.open = async (path, ...rest) => {
  const file = await open(path, ...rest);
  const { writeFile, write } = file;
  file.writeFile = async (data, ...more) => {
    take(path, data);
    return writeFile.call(file, data, ...more);
  };
  file.write = async (data, ...more) => {
    take(path, data);
    return write.call(file, data, ...more);
  };
  return file;
};
const { writeFileSync } = fs;
fs.writeFileSync = (path, data, ...rest) => {
  take(path, data);
  return writeFileSync(path, data, ...rest);
};
syncBuiltinESMExports();
