import type { Delivery } from "../client/delivery.ts";
import type { MediaStore, Medium } from "./media.ts";
import { describeEnd, describeError } from "./problems.ts";

interface WaitForDelivery {
  (options: { jobId: string; onDelivery: (delivery: Delivery) => void; signal: AbortSignal }): Promise<Delivery>;
}

/** Follows the deliveries of media to cielo24, until each has ended. */
export const createDeliveries = ({
  media,
  waitForDelivery,
}: {
  media: MediaStore;
  waitForDelivery: WaitForDelivery;
}) => {
  const following = new Map<string, AbortController>();

  const follow = async (id: string): Promise<void> => {
    const medium = media.get(id);
    if (!medium || following.has(id)) return;
    const stop = new AbortController();
    following.set(id, stop);
    media.change(id, { phase: "delivering", problem: undefined });
    try {
      const delivery = await waitForDelivery({
        jobId: medium.jobId,
        signal: stop.signal,
        onDelivery: (news) => {
          media.change(id, { delivery: news });
        },
      });
      media.change(id, ended(delivery));
    } catch (error) {
      if (!stop.signal.aborted) media.change(id, { phase: "delivering", problem: describeError(error) });
    } finally {
      if (following.get(id) === stop) following.delete(id);
    }
  };

  return {
    follow: (id: string): void => void follow(id),
    stop: (id: string): void => {
      following.get(id)?.abort();
      following.delete(id);
    },
  };
};

const ended = (delivery: Delivery): Partial<Medium> =>
  delivery.state === "DELIVERED"
    ? { phase: "delivered", delivery, problem: undefined }
    : { phase: "ended", delivery, problem: describeEnd(delivery) };
