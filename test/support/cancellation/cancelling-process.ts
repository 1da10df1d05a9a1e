import { closeDb, openDb } from '#db/client.ts';
import { armFailpoint } from '#db/failpoint.ts';
import { runCancellations } from '#domain/cancellation/run-cancellations.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openPriceLists } from '#domain/pricing/price-lists.ts';
import { openRedis } from '#redis/client.ts';
import { NO_REDIS, policy } from '#test/support/databases/box.ts';

// A process that ends the bookings of cancelled events, and may be told where to die.
const { DATABASE_URL: url = '', BATCH_SIZE = '128' } = process.env;
armFailpoint('worker', process.env);
const db = openDb({ url, poolMax: 2, name: 'cancelling' });
const redis = openRedis({ url: NO_REDIS, name: 'cancelling' });
const writerDb = openDb({ url, poolMax: 4, name: 'cancelling-writer' });
const plans = openSeatingPlanCache({ db });
const writer = openInventoryWriter({ db: writerDb, plans, priceLists: openPriceLists({ db }), policy });
await runCancellations({ db, redis, writer, batchSize: Number(BATCH_SIZE) });
await writer.close();
redis.disconnect();
await Promise.all([closeDb(db), closeDb(writerDb)]);
