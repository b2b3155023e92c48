import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

/**
 * kafkajs 2.2.4 looks a thousand times a second, on every connection and for ever, whether a throttled request may be
 * sent (its timer is set to a time in the past; Node's `TimeoutNegativeWarning` is the visible part). There is something
 * to look for only while requests are pending.
 */
RequestQueue.prototype.scheduleCheckPendingRequests = function (): void {
  if (this.pending.length > 0) schedule.call(this);
};
