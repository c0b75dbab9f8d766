import { hasEnded, isOfOtherMedia, type Client, type Delivery } from "../client/index.ts";
import type { MediaItem, MediaStore } from "./media.ts";
import { AGAIN, describeEnd, describeError, OTHER_MEDIUM } from "./problems.ts";

/** Shows the deliveries of media to cielo24 until each has ended. */
export const createDeliveries = ({ media, client }: { media: MediaStore; client: Pick<Client, "waitForDelivery"> }) => {
  const following = new Set<string>();

  const begin = (id: string): void => {
    media.change(id, { phase: "delivering", waiting: undefined, problem: undefined });
  };
  const show = (id: string, delivery: Delivery): void => {
    const item = media.get(id);
    if (item) media.change(id, hasEnded(delivery) ? ended(delivery, item) : { delivery });
  };
  const fail = (id: string, error: unknown): void => {
    media.change(id, { waiting: undefined, problem: describeError(error, AGAIN.delivery) });
  };
  const follow = async (id: string): Promise<void> => {
    const item = media.get(id);
    if (!item || following.has(id)) return;
    following.add(id);
    begin(id);
    try {
      await client.waitForDelivery({
        jobId: item.jobId,
        onDelivery: (delivery) => {
          show(id, delivery);
        },
        onWaiting: (waiting) => {
          media.change(id, { waiting });
        },
      });
    } catch (error) {
      fail(id, error);
    } finally {
      following.delete(id);
    }
  };

  return {
    /** The item is uploaded. */
    begin,
    /** News of an item's delivery. */
    show,
    /** An item's delivery could not be asked for. */
    fail,
    /** Asks for an item's delivery until it has ended: for what this page has not uploaded itself since it was loaded. */
    follow: (id: string): void => void follow(id),
  };
};

const ended = (delivery: Delivery, { sizeBytes }: MediaItem): Partial<MediaItem> => {
  if (delivery.state !== "DELIVERED") return { phase: "ended", delivery, problem: describeEnd(delivery) };
  // Another upload for the job was first, so the TaskId belongs to other media.
  if (sizeBytes !== undefined && isOfOtherMedia(delivery, sizeBytes))
    return { phase: "ended", delivery: { ...delivery, taskId: undefined }, problem: OTHER_MEDIUM };
  return { phase: "delivered", delivery, problem: undefined };
};
