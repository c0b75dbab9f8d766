import { isOfOtherMedia, type Client, type Delivery } from "../client/index.ts";
import type { MediaItem, MediaStore } from "./media.ts";
import { AGAIN, describeEnd, describeError, OTHER_MEDIUM } from "./problems.ts";

/** Follows the deliveries of media to cielo24 until each has ended. */
export const createDeliveries = ({ media, client }: { media: MediaStore; client: Pick<Client, "waitForDelivery"> }) => {
  const following = new Set<string>();

  const follow = async (id: string): Promise<void> => {
    const item = media.get(id);
    if (!item || following.has(id)) return;
    following.add(id);
    media.change(id, { phase: "delivering", problem: undefined });
    try {
      const delivery = await client.waitForDelivery({
        jobId: item.jobId,
        onDelivery: (news) => {
          media.change(id, { delivery: news });
        },
      });
      media.change(id, ended(delivery, item));
    } catch (error) {
      media.change(id, { problem: describeError(error, AGAIN.delivery) });
    } finally {
      following.delete(id);
    }
  };

  return { follow: (id: string): void => void follow(id) };
};

const ended = (delivery: Delivery, { sizeBytes }: MediaItem): Partial<MediaItem> => {
  if (delivery.state !== "DELIVERED") return { phase: "ended", delivery, problem: describeEnd(delivery) };
  // Another upload for the job was first, so the TaskId belongs to other media.
  if (sizeBytes !== undefined && isOfOtherMedia(delivery, sizeBytes))
    return { phase: "ended", delivery: { ...delivery, taskId: undefined }, problem: OTHER_MEDIUM };
  return { phase: "delivered", delivery, problem: undefined };
};
