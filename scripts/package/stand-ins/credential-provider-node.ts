/**
 * Stands in for `@aws-sdk/credential-provider-node` in a bundle: of the SDK's chain, the first link alone. Lambda puts the
 * role's credentials into the environment. What comes behind (profiles, SSO, STS, containers, instances) is a third of a
 * bundle, and nothing of a function reaches it.
 */
export const defaultProvider = () => () => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  return accessKeyId && secretAccessKey
    ? Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) })
    : Promise.reject(new Error("The environment holds no AWS credentials, and a bundle knows no other place."));
};
