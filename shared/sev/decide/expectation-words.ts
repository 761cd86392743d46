// What people read where part of an expectation was not looked into.

export const BARE_DIGEST = {
  sentence: 'Only a launch digest was given: nobody can tell which guest image, kernel and CPUs are in it.',
  next: 'Give the files instead. If you computed the digest yourself, say --accept-unread-image.',
};

export const IMAGE_NOT_READ = {
  sentence: 'The guest image was not read on this device, or says nothing of itself that can be read.',
  next: 'Choose the file itself. If you know it and accept it as it is, say so.',
};

export const ACCEPTED = 'You accepted this.';
