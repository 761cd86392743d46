// What is said of secrets that no guest could read.

export const SECRET_TABLE_WORDS = {
  tooMany: (count: number) => ({
    because: `${count} secrets; Linux shows a guest at most 64.`,
    next: 'Release fewer: pack several into one file, such as a tar archive.',
  }),
  ownGuid: {
    because: 'It is the GUID of the table itself: a guest would take the secret for another table.',
  },
} as const;
